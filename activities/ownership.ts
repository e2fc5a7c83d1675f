import type { BackupRow } from '#db/backups.ts';
import { getBackup } from '#db/backups.ts';
import type { DatabaseRow } from '#db/databases.ts';
import { getDatabase } from '#db/databases.ts';
import type { PolicyRow } from '#db/policies.ts';
import { getPolicy } from '#db/policies.ts';
import type { Catalogue } from '#db/tables.ts';
import type { RestoreRow } from '#db/tasks.ts';
import { findTask, getRestore } from '#db/tasks.ts';
import { findUser } from '#db/users.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { BackupRef, RestoreRef, TaskRef } from './activities.ts';

/** The API looked already; what acts looks again, whoever it was that started the workflow. Errors: `not-allowed`. */

/** Before anything of an operation is done: its database, its policy, its task and whoever asked for it belong together. */
export async function refuseStrangers(db: Catalogue, { taskId, databaseId, policyId }: TaskRef): Promise<void> {
  const [task, database] = await Promise.all([findTask(db, taskId), getDatabase(db, databaseId)]);
  if (task === undefined) throw new TidemarkError('request-lost', `task ${taskId} was taken back before it could begin`);
  if (policyId !== '') refuseOtherOwner(database, await getPolicy(db, policyId));
  if (task.database_id !== databaseId || task.owner_id !== database.owner_id || (task.policy_id ?? '') !== policyId)
    throw new TidemarkError('not-allowed', `the task ${taskId} was not written down for ${database.name} and the policy ${policyId}`);
  if (task.restore_id === null) return;
  const restore = await getOwnRestore(db, { taskId, databaseId, policyId, restoreId: task.restore_id });
  if (restore.requested_by !== null) await refuseWithoutRights(db, restore.requested_by, database);
}

export function refuseOtherOwner(database: DatabaseRow, policy: PolicyRow): void {
  if (database.owner_id !== policy.owner_id) {
    throw new TidemarkError('not-allowed', `the database ${database.name} and the policy ${policy.name} belong to different users`);
  }
}

export async function getOwnBackup(db: Catalogue, { backupId, databaseId }: BackupRef): Promise<BackupRow> {
  const backup = await getBackup(db, backupId);
  if (backup.database_id === databaseId) return backup;
  throw new TidemarkError('not-allowed', `the backup ${backupId} is not one of the database ${databaseId}`);
}

export async function getOwnRestore(db: Catalogue, { restoreId, databaseId, policyId }: RestoreRef): Promise<RestoreRow> {
  const restore = await getRestore(db, restoreId);
  if (restore.database_id === databaseId && restore.policy_id === policyId) return restore;
  throw new TidemarkError('not-allowed', `the restore ${restoreId} is not one of the database ${databaseId} under the policy ${policyId}`);
}

/** Between a request and its beginning somebody may have been disabled, or be an admin no more. */
async function refuseWithoutRights(db: Catalogue, userId: string, database: DatabaseRow): Promise<void> {
  const user = await findUser(db, userId);
  if (user?.disabled_at === null && (user.role === 'admin' || user.id === database.owner_id)) return;
  throw new TidemarkError('not-allowed', `whoever asked for the restore of ${database.name} may not do that any more`);
}
