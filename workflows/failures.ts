import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ChildWorkflowFailure,
  isCancellation,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Failure } from '#activities/activities.ts';
import { type ErrorCode, isErrorCode, messageOf } from '#domain/errors.ts';

/** What a person is told of anything that was thrown. */
export function failureOf(error: unknown): Failure {
  if (isCancellation(error)) return { code: 'operation-cancelled', message: 'the operation was cancelled' };
  if (error instanceof TimeoutFailure) return timeoutFailureOf(error);
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) return failureOf(error.cause ?? messageOf(error));
  if (error instanceof ApplicationFailure) return { code: isErrorCode(error.type) ? error.type : 'internal', message: error.message };
  return { code: 'internal', message: messageOf(error) };
}

/** Of the last attempt: the ones before it may have failed otherwise. */
function timeoutFailureOf({ timeoutType }: TimeoutFailure): Failure {
  if (timeoutType === 'HEARTBEAT') return { code: 'worker-lost', message: 'the worker that was at it went silent, and no tries are left' };
  return { code: 'took-too-long', message: 'it was given up because it did not end in time' };
}

/** The failure in the form that ends a workflow; an operator's cancellation stays one. */
export function endingOf(error: unknown): ApplicationFailure | CancelledFailure {
  const { code, message } = failureOf(error);
  return isCancellation(error) ? new CancelledFailure(message) : failWith(code, message);
}

export function failWith(code: ErrorCode, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, code);
}

/** Whether a child was not started because its workflow id is taken. @temporalio/workflow does not export the class. */
export function isAlreadyStarted(error: unknown): boolean {
  return error instanceof TemporalFailure && error.name === 'WorkflowExecutionAlreadyStartedError';
}

/** By an operator: nothing is wrong. */
export function wasTerminated(error: unknown): boolean {
  return error instanceof ChildWorkflowFailure && error.cause instanceof TerminatedFailure;
}

/**
 * Does what must follow a failure, cancelled or not, one after the other, and throws that failure again. When one of these
 * fails itself, those behind it are left out, and the message tells of it; the first failure stays the one that counts.
 */
export async function undoAfter(error: unknown, ...undoings: (() => Promise<void>)[]): Promise<never> {
  const trouble = await CancellationScope.nonCancellable(async () => {
    try {
      for (const undo of undoings) await undo();
      return undefined;
    } catch (second) {
      return failureOf(second);
    }
  });
  if (trouble === undefined) throw error;
  const { code, message } = failureOf(error);
  throw failWith(code, `${message}; besides, cleaning up after it failed: ${trouble.message}`);
}
