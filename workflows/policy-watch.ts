import { patched } from '@temporalio/workflow';
import { type NotedOperation, type PolicyMemory, startedOperations } from './policy-state.ts';

/** Notices when operations have ended without a report. */
export interface OperationWatch {
  /** From here on Temporal tells when the operation's workflow is closed, however it was. */
  readonly begin: (operation: NotedOperation, end: Promise<unknown>) => void;
  /** How often it has to be looked at whether what has begun still runs. */
  readonly lookEveryMs: () => number;
}

const MINUTE = 60_000;
/** Where Temporal tells nothing: an earlier run of the policy began the operation, or it is closed and has not reported. */
const unwatchedEveryMs = 5 * MINUTE;
/** An event that did not come, as when an operator has reset the policy's workflow, is made good once a day. */
const watchedEveryMs = 24 * 60 * MINUTE;

/** Of one run of the policy. An operation that is closed without having reported is looked after at once. */
export function createOperationWatch(memory: PolicyMemory, wake: () => void): OperationWatch {
  // a run that began before there were watches goes on as it began
  if (!patched('operation-closed')) return { begin: () => undefined, lookEveryMs: () => unwatchedEveryMs };
  const watched = new Set<string>();
  return {
    begin({ databaseId, taskId }, end) {
      watched.add(taskId);
      const noteClosed = (): void => {
        watched.delete(taskId);
        if (memory.operations[databaseId]?.taskId !== taskId) return;
        memory.lookedAt = 0;
        wake();
      };
      end.then(noteClosed, noteClosed);
    },
    lookEveryMs: () => (startedOperations(memory).every(({ taskId }) => watched.has(taskId)) ? watchedEveryMs : unwatchedEveryMs),
  };
}
