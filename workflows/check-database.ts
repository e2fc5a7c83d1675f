import { endTaskAfter } from './end-task.ts';
import type { CheckDatabaseInput } from './messages.ts';
import { probes } from './proxies.ts';

/** Looks whether a database can be reached and managed, whatever policy it is under. */
export async function checkDatabase({ databaseId, taskId }: CheckDatabaseInput): Promise<void> {
  await endTaskAfter(taskId, () => probes('Check the database').checkDatabase({ databaseId, taskId }));
}
