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
    code: 'internal',
    message: 'runBackup did not end in time, or its worker died: activity Heartbeat timeout',
  },
  { thrown: failedActivity(new CancelledFailure('x')), code: 'internal', message: 'the operation was cancelled' },
  { thrown: new TypeError('x is undefined'), code: 'internal', message: 'x is undefined' },
])('$thrown is told as $code: $message', ({ thrown, code, message }) => {
  expect(failureOf(thrown)).toEqual({ code, message });
});
