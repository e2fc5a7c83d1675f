import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import { expect, test } from 'vitest';
import { failureOf } from '#workflows/failures.ts';

function failedActivity(cause: Error): ActivityFailure {
  return new ActivityFailure('Activity task failed', 'runBackup', '1', 'TIMEOUT', 'worker', cause);
}

test.each([
  { thrown: ApplicationFailure.nonRetryable('no space', 'disk-full'), code: 'disk-full', message: 'no space' },
  { thrown: failedActivity(ApplicationFailure.retryable('refused', 'host-unreachable')), code: 'host-unreachable', message: 'refused' },
  { thrown: failedActivity(ApplicationFailure.retryable('ECONNRESET', 'Error')), code: 'internal', message: 'ECONNRESET' },
  {
    thrown: failedActivity(new TimeoutFailure('activity Heartbeat timeout', undefined, 'HEARTBEAT')),
    code: 'worker-lost',
    message: 'the worker that was at it went silent, and no tries are left',
  },
  {
    thrown: failedActivity(new TimeoutFailure('activity StartToClose timeout', undefined, 'START_TO_CLOSE')),
    code: 'took-too-long',
    message: 'it was given up because it did not end in time',
  },
  { thrown: failedActivity(new CancelledFailure('x')), code: 'operation-cancelled', message: 'the operation was cancelled' },
  { thrown: new TypeError('x is undefined'), code: 'internal', message: 'x is undefined' },
])('$thrown is told as $code: $message', ({ thrown, code, message }) => {
  expect(failureOf(thrown)).toEqual({ code, message });
});
