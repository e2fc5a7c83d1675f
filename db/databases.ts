import type { Selectable } from 'kysely';
import { TidemarkError } from '#domain/errors.ts';
import type { DatabaseStatus, PitrStatus } from '#domain/states.ts';
import { isUniqueViolation } from './failures.ts';
import type { SealedPlace } from './seal.ts';
import type { Catalogue, Tables } from './tables.ts';

export type DatabaseRow = Selectable<Tables['databases']>;
type NewDatabase = Pick<
  DatabaseRow,
  'id' | 'owner_id' | 'name' | 'engine' | 'host' | 'port' | 'ssh_port' | 'ssh_user' | 'ssh_key_sealed' | 'host_key' | 'role' | 'primary_id'
>;

export function sshKeyPlace(databaseId: string): SealedPlace {
  return { table: 'databases', row: databaseId, column: 'ssh_key_sealed' };
}

/** Throws `already-exists` when the owner has another of this name. */
export async function insertDatabase(db: Catalogue, database: NewDatabase): Promise<void> {
  try {
    await db.insertInto('databases').values(database).execute();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new TidemarkError('already-exists', `there is already a database named "${database.name}"`, { cause: error });
  }
}

export async function findDatabase(db: Catalogue, id: string): Promise<DatabaseRow | undefined> {
  return db.selectFrom('databases').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function getDatabase(db: Catalogue, id: string): Promise<DatabaseRow> {
  const row = await findDatabase(db, id);
  if (row === undefined) throw new TidemarkError('not-found', `there is no database ${id}`);
  return row;
}

/** All of one owner, or everybody's. */
export async function listDatabases(db: Catalogue, ownerId?: string): Promise<DatabaseRow[]> {
  const query = db.selectFrom('databases').selectAll().orderBy('name').orderBy('id');
  return (ownerId === undefined ? query : query.where('owner_id', '=', ownerId)).execute();
}

/** Of one primary, by name. */
export async function listReplicas(db: Catalogue, primaryId: string): Promise<DatabaseRow[]> {
  return db.selectFrom('databases').selectAll().where('primary_id', '=', primaryId).orderBy('name').orderBy('id').execute();
}

/** A database with what it is attached to; without an attachment all of that is null. */
export interface DatabaseOverview extends DatabaseRow, Nullable<Pick<Tables['policies'], (typeof scheduleColumns)[number]>> {
  policy_id: string | null;
  policy_name: string | null;
  pitr_status: PitrStatus | null;
  pitr_message: string | null;
  attached_at: Date | null;
  /** When the last backup under this policy ended well; also of one that has been deleted since. */
  succeeded_at: Date | null;
}

type Nullable<T> = { [K in keyof T]: T[K] | null };

const scheduleColumns = ['full_frequency', 'full_time', 'full_day', 'incremental_hours'] as const;

export async function listDatabaseOverviews(
  db: Catalogue,
  filter: { ownerId?: string | undefined; id?: string },
): Promise<DatabaseOverview[]> {
  let query = db
    .selectFrom('databases')
    .leftJoin('attachments', 'attachments.database_id', 'databases.id')
    .leftJoin('policies', 'policies.id', 'attachments.policy_id')
    .selectAll('databases')
    .select(['attachments.policy_id', 'policies.name as policy_name', 'attachments.pitr_status', 'attachments.pitr_message'])
    .select(['attachments.created_at as attached_at', ...scheduleColumns.map((name) => `policies.${name}` as const)])
    .select(({ selectFrom }) =>
      selectFrom('backups')
        .whereRef('backups.database_id', '=', 'databases.id')
        .whereRef('backups.policy_id', '=', 'attachments.policy_id')
        .where('backups.status', 'in', ['completed', 'deleting', 'deleted'])
        .select(({ fn }) => fn.max('backups.ended_at').as('ended_at'))
        .as('succeeded_at'),
    )
    .orderBy('databases.name')
    .orderBy('databases.id');
  if (filter.ownerId !== undefined) query = query.where('databases.owner_id', '=', filter.ownerId);
  if (filter.id !== undefined) query = query.where('databases.id', '=', filter.id);
  return query.execute();
}

export async function markDatabase(
  db: Catalogue,
  id: string,
  result: { status: DatabaseStatus; status_message: string | null; version?: string },
): Promise<void> {
  await db
    .updateTable('databases')
    .set({ ...result, checked_at: new Date() })
    .where('id', '=', id)
    .execute();
}

/** Pins the host key that the first check saw; never replaces one. */
export async function pinHostKey(db: Catalogue, id: string, hostKey: string): Promise<void> {
  await db.updateTable('databases').set({ host_key: hostKey }).where('id', '=', id).where('host_key', 'is', null).execute();
}
