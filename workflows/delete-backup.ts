import type { BackupRef } from '#activities/activities.ts';
import { runOperation } from './operation.ts';
import { catalogue, transfers } from './proxies.ts';

/** Removes one backup and what builds on it, as somebody has asked. */
export async function deleteBackup(input: BackupRef): Promise<void> {
  await runOperation('delete', 'Deletion of a backup', input, async ({ ref, databaseName }) => {
    await catalogue(`Mark a backup of ${databaseName} for deletion`).markForDeletion({ ...ref, backupId: input.backupId });
    await transfers(`Remove a backup of ${databaseName}`).removeDeleted(ref);
  });
}
