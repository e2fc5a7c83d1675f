import type { BackupRow } from '#db/backups.ts';
import { findBackup } from '#db/backups.ts';
import type { DatabaseOverview } from '#db/databases.ts';
import { findDatabase, findDatabaseOverview } from '#db/databases.ts';
import type { PolicyRow } from '#db/policies.ts';
import { findPolicy } from '#db/policies.ts';
import type { SshKeyRow } from '#db/ssh-keys.ts';
import { findSshKey } from '#db/ssh-keys.ts';
import type { RestoreRow, TaskOverview } from '#db/tasks.ts';
import { findRestore, findTaskOverview } from '#db/tasks.ts';
import { findUser } from '#db/users.ts';
import { TidemarkError } from '#domain/errors.ts';
import { invalidField } from './problems.ts';
import type { SignedIn, UserCall } from './route.ts';

/** What is another's answers exactly as what does not exist: `not-found`. */

export async function getVisibleDatabase(call: UserCall, id: string): Promise<DatabaseOverview> {
  const database = await findDatabaseOverview(call.deps.db, id);
  return visible(call, 'database', id, database, database?.owner_id);
}

export async function getVisiblePolicy(call: UserCall, id: string): Promise<PolicyRow> {
  return getPolicyWhere(call, id, (policy) => policy.deleted_at === null);
}

export async function getDeletedPolicy(call: UserCall, id: string): Promise<PolicyRow> {
  return getPolicyWhere(call, id, (policy) => policy.deleted_at !== null);
}

export async function getPolicyEvenDeleted(call: UserCall, id: string): Promise<PolicyRow> {
  return getPolicyWhere(call, id, () => true);
}

async function getPolicyWhere(call: UserCall, id: string, isMeant: (policy: PolicyRow) => boolean): Promise<PolicyRow> {
  const policy = await findPolicy(call.deps.db, id);
  return visible(call, 'policy', id, policy !== undefined && isMeant(policy) ? policy : undefined, policy?.owner_id);
}

/** Errors: `not-attached`. */
export function policyIdOf(database: DatabaseOverview): string {
  if (database.policy_id === null) throw new TidemarkError('not-attached', `${database.name} is not attached to a policy`);
  return database.policy_id;
}

export async function getVisibleBackup(call: UserCall, id: string): Promise<BackupRow> {
  const backup = await findBackup(call.deps.db, id);
  return visible(call, 'backup', id, backup, await ownerOfDatabase(call, backup?.database_id));
}

export async function getVisibleRestore(call: UserCall, id: string): Promise<RestoreRow> {
  const restore = await findRestore(call.deps.db, id);
  return visible(call, 'restore', id, restore, await ownerOfDatabase(call, restore?.database_id));
}

export async function getVisibleSshKey(call: UserCall, id: string): Promise<SshKeyRow> {
  const key = await findSshKey(call.deps.db, id);
  return visible(call, 'SSH key', id, key, key?.owner_id);
}

export async function getVisibleTask(call: UserCall, id: string): Promise<TaskOverview> {
  const task = await findTaskOverview(call.deps.db, id);
  return visible(call, 'task', id, task, task?.owner_id);
}

/** Whose things a list shows: undefined is everybody's, which only admins see. */
export function ownerFilter(user: SignedIn, asked?: string): string | undefined {
  if (user.role === 'admin') return asked;
  if (asked !== undefined && asked !== user.id) throw new TidemarkError('not-allowed', "only admins may list what is another's");
  return user.id;
}

/** Admins create for any user, others for themselves. */
export async function ownerOfNew(call: UserCall, ownerId: string | undefined): Promise<string> {
  if (ownerId === undefined || ownerId === call.user.id) return call.user.id;
  if (call.user.role !== 'admin') throw new TidemarkError('not-allowed', 'only admins may create for somebody else');
  if ((await findUser(call.deps.db, ownerId)) === undefined) throw invalidField('ownerId', `there is no user ${ownerId}`);
  return ownerId;
}

async function ownerOfDatabase(call: UserCall, databaseId: string | undefined): Promise<string | undefined> {
  return databaseId === undefined ? undefined : (await findDatabase(call.deps.db, databaseId))?.owner_id;
}

function visible<T>(call: UserCall, what: string, id: string, row: T | undefined, ownerId: string | undefined): T {
  const isTheirs = call.user.role === 'admin' || ownerId === call.user.id;
  if (row === undefined || !isTheirs) throw new TidemarkError('not-found', `there is no ${what} ${id}`);
  return row;
}
