import { isGrpcServiceError, WorkflowFailedError } from '@temporalio/client';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import { taskQueue } from '#domain/names.ts';
import type { TestDatabaseInput, TestStoreInput } from '#workflows/messages.ts';
import { failureOf } from './operations.ts';
import type { ApiDeps, UserCall } from './route.ts';

/** Longer than the workflow may take, so that it is the workflow that says how it ended. */
const ANSWER_SLACK_MS = 2_000;

/** Each keeps a worker busy for as long as a stranger's host likes, up to the timeout. */
const MAX_RUNNING = 5;

/** Of each user, in this process. */
const running = new Map<string, number>();

/**
 * Has a worker run a Test Connection and waits for what it finds. Throws `temporal-unavailable` when nothing comes, and `too-many-attempts`
 * while the user has several running.
 */
export async function runTest(
  { deps, user }: UserCall,
  workflow: 'testStore' | 'testDatabase',
  workflowId: string,
  input: TestStoreInput | TestDatabaseInput,
): Promise<unknown> {
  const count = running.get(user.id) ?? 0;
  if (count >= MAX_RUNNING) throw new TidemarkError('too-many-attempts', `${count} connection tests of yours are running already`);
  running.set(user.id, count + 1);
  try {
    return await waitForTest(deps, workflow, workflowId, input);
  } finally {
    const left = (running.get(user.id) ?? 1) - 1;
    if (left > 0) running.set(user.id, left);
    else running.delete(user.id);
  }
}

async function waitForTest(
  { temporal, settings }: ApiDeps,
  workflow: 'testStore' | 'testDatabase',
  workflowId: string,
  input: TestStoreInput | TestDatabaseInput,
): Promise<unknown> {
  const { probeTimeoutMs } = settings;
  try {
    return await temporal.withDeadline(Date.now() + probeTimeoutMs + ANSWER_SLACK_MS, () =>
      temporal.workflow.execute(workflow, {
        taskQueue,
        workflowId,
        args: [input],
        workflowExecutionTimeout: probeTimeoutMs,
        staticSummary: 'Test Connection',
      }),
    );
  } catch (error) {
    const failure = error instanceof WorkflowFailedError ? failureOf(rootOf(error.cause)) : undefined;
    if (failure !== undefined && failure.code !== 'internal') throw failure;
    const why = isGrpcServiceError(error) ? error.details : messageOf(failure ?? error);
    throw new TidemarkError(
      'temporal-unavailable',
      `Test Connection did not end within ${probeTimeoutMs / 1000} s (${why}); is a worker running?`,
      { cause: error },
    );
  }
}

/** An activity's failure comes wrapped in one that says which activity it was. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : error;
}
