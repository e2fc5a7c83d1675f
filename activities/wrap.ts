import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { Catalogue } from '#db/tables.ts';
import { enterPhase, reportProgress } from '#db/tasks.ts';
import { errorCatalogue, messageOf, TidemarkError } from '#domain/errors.ts';

/** What every activity that touches a host or a bucket gets beside its input. */
export interface Attempt {
  /** Aborts when the activity is cancelled: what it does on a host has to end. */
  readonly signal: AbortSignal;
  /** Aborts when the attempt ends for any other reason (shutdown, timeout, pause): what runs detached goes on, and the next attempt finds it again. */
  readonly leave: AbortSignal;
  /** 1 for the first attempt. */
  readonly number: number;
  /** Writes progress into the task, at most once a second. */
  readonly report: (done: number, total: number) => void;
}

const HEARTBEAT_MS = 5_000;
const REPORT_MS = 1_000;

/** Activities on a host or a bucket: a heartbeat from the first line on, the phase shown in the task, errors translated. */
export function wrapLong<I extends object, O>(
  db: Catalogue,
  phase: string | undefined,
  work: (input: I, attempt: Attempt) => Promise<O>,
): (input: I) => Promise<O> {
  return async (input) => {
    const context = Context.current();
    context.heartbeat();
    const taskId = taskIdOf(input);
    const timer = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
    try {
      if (phase !== undefined && taskId !== undefined) await enterPhase(db, taskId, phase);
      return await work(input, { ...signalsOf(context.cancellationSignal), number: context.info.attempt, report: reporter(db, taskId) });
    } catch (error) {
      throw toFailure(error, context.cancellationSignal);
    } finally {
      clearInterval(timer);
    }
  };
}

/** Activities on the catalogue alone. */
export function wrapShort<I, O>(work: (input: I) => Promise<O>): (input: I) => Promise<O> {
  return async (input) => {
    try {
      return await work(input);
    } catch (error) {
      throw toFailure(error, Context.current().cancellationSignal);
    }
  };
}

/** Temporal tells both by one signal; the message of its reason says which it is. */
function signalsOf(cancellation: AbortSignal): Pick<Attempt, 'signal' | 'leave'> {
  const [cancelled, leaving] = [new AbortController(), new AbortController()];
  const pass = (): void => {
    const reason: unknown = cancellation.reason;
    (messageOf(reason) === 'CANCELLED' ? cancelled : leaving).abort(reason);
  };
  if (cancellation.aborted) pass();
  else cancellation.addEventListener('abort', pass, { once: true });
  return { signal: cancelled.signal, leave: leaving.signal };
}

function taskIdOf(input: object): string | undefined {
  return 'taskId' in input && typeof input.taskId === 'string' ? input.taskId : undefined;
}

function reporter(db: Catalogue, taskId: string | undefined): Attempt['report'] {
  let last = 0;
  return (done, total) => {
    if (taskId === undefined || Date.now() - last < REPORT_MS) return;
    last = Date.now();
    // A figure that could not be shown is followed by the next one.
    reportProgress(db, taskId, done, total).catch(() => undefined);
  };
}

/** The one place where an error becomes Temporal's: its type is the code, and the catalogue says whether to try again. */
function toFailure(error: unknown, signal: AbortSignal): Error {
  // A pause or reset by an operator must arrive as what it is, not as an AbortError.
  if (signal.aborted && signal.reason instanceof Error) return signal.reason;
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  const code = error instanceof TidemarkError ? error.code : 'internal';
  const nonRetryable = error instanceof TidemarkError && !errorCatalogue[code].retryable;
  return ApplicationFailure.create({ type: code, message: messageOf(error), nonRetryable });
}
