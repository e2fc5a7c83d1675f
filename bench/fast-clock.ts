/** Loaded into the workflows' sandbox: there a day is two hours. Time is counted from 1970, so that every workflow reads the same clock. */
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** How much faster than ours the workflows' clock runs. */
export const SCALE = 12;

const OwnDate = globalThis.Date;

class FastDate extends OwnDate {
  constructor(...args: [] | [number | string | Date]) {
    super(args.length === 0 ? FastDate.now() : args[0]);
  }

  static override now(): number {
    return OwnDate.now() * SCALE;
  }
}

export const interceptors: WorkflowInterceptorsFactory = () => {
  globalThis.Date = FastDate as DateConstructor;
  return {
    outbound: [{ startTimer: (input, next) => next({ ...input, durationMs: Math.ceil(input.durationMs / SCALE) }) }],
  };
};
