import { CancellationScope } from '@temporalio/workflow';
import { endingOf, failureOf } from './failures.ts';
import type { CheckDatabaseInput } from './messages.ts';
import { catalogue, probes } from './proxies.ts';

/** Looks whether a database can be reached and managed, whatever policy it is under. */
export async function checkDatabase({ databaseId, taskId }: CheckDatabaseInput): Promise<void> {
  try {
    await probes('Check the database').checkDatabase({ databaseId, taskId });
  } catch (error) {
    await CancellationScope.nonCancellable(() => catalogue('End the task').endTask({ taskId, failure: failureOf(error) }));
    throw endingOf(error);
  }
  await catalogue('End the task').endTask({ taskId });
}
