import { type ExpressionBuilder, type Insertable, type Selectable, sql } from 'kysely';
import { TidemarkError } from '#domain/errors.ts';
import type { BackupKind, DatabaseStatus, EngineName, PitrStatus } from '#domain/states.ts';
import { refuseTaken } from './failures.ts';
import { type Direction, holding, isAfter, type Page, type PageRequest, requireCursor, toPage } from './paging.ts';
import type { SealedPlace } from './seal.ts';
import type { Catalogue, CatalogueTransaction, Tables } from './tables.ts';

export type DatabaseRow = Selectable<Tables['databases']>;
export type NewDatabase = Omit<
  Insertable<Tables['databases']>,
  'version' | 'status' | 'status_message' | 'checked_at' | 'deleted_at' | 'created_at'
>;

export function sshKeyPlace(databaseId: string): SealedPlace {
  return { table: 'databases', row: databaseId, column: 'ssh_key_sealed' };
}

/** Throws `already-exists` when the owner has another of this name. */
export async function insertDatabase(db: Catalogue, database: NewDatabase): Promise<void> {
  await refuseTakenName(database.name, db.insertInto('databases').values(database).execute());
}

export type DatabaseChange = Partial<
  Pick<
    DatabaseRow,
    'name' | 'host' | 'port' | 'ssh_port' | 'ssh_user' | 'ssh_key_sealed' | 'ssh_key_id' | 'host_key' | 'status' | 'status_message'
  >
>;

/** Throws `already-exists` when it takes a name that the owner has given already, and `not-found` when it was removed meanwhile. */
export async function updateDatabase(db: Catalogue, id: string, change: DatabaseChange): Promise<void> {
  const query = db.updateTable('databases').set(change).where('id', '=', id).where('deleted_at', 'is', null);
  const { numUpdatedRows } = await refuseTakenName(change.name, query.executeTakeFirstOrThrow());
  if (numUpdatedRows === 0n) throw new TidemarkError('not-found', `there is no database ${id}`);
}

function refuseTakenName<T>(name: string | undefined, query: Promise<T>): Promise<T> {
  return refuseTaken(`there is already a database named "${name}"`, query);
}

/** Until the transaction ends it is not attached, and no replica of it is added. */
export async function lockDatabase(transaction: CatalogueTransaction, id: string): Promise<void> {
  await transaction.selectFrom('databases').select('id').where('id', '=', id).forUpdate().execute();
}

/** The row stays, without its secret. */
export async function markDatabaseDeleted(db: Catalogue, id: string): Promise<void> {
  await db
    .updateTable('databases')
    .set({ deleted_at: new Date(), ssh_key_sealed: Buffer.alloc(0), ssh_key_id: null })
    .where('id', '=', id)
    .execute();
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
  const query = db.selectFrom('databases').selectAll().where('deleted_at', 'is', null).orderBy('name').orderBy('id');
  return (ownerId === undefined ? query : query.where('owner_id', '=', ownerId)).execute();
}

/** Those of which a policy keeps a generation, also where they were detached or removed since. */
export async function listDatabasesKeptBy(db: Catalogue, policyId: string): Promise<DatabaseRow[]> {
  return db
    .selectFrom('databases')
    .selectAll()
    .where('id', 'in', (e) => e.selectFrom('generations').select('database_id').where('policy_id', '=', policyId))
    .orderBy('name')
    .orderBy('id')
    .execute();
}

/** Of one primary, by name. */
export async function listReplicas(db: Catalogue, primaryId: string): Promise<DatabaseRow[]> {
  return db
    .selectFrom('databases')
    .selectAll()
    .where('primary_id', '=', primaryId)
    .where('deleted_at', 'is', null)
    .orderBy('name')
    .orderBy('id')
    .execute();
}

/** A database, without its secret, with what it is attached to; without an attachment all of that is null. */
export interface DatabaseOverview
  extends Pick<DatabaseRow, (typeof shownColumns)[number]>, Nullable<Pick<Tables['policies'], (typeof scheduleColumns)[number]>> {
  policy_id: string | null;
  policy_name: string | null;
  pitr_status: PitrStatus | null;
  pitr_message: string | null;
  attached_at: Date | null;
  /** When the last backup under this policy ended well; also of one that has been deleted since. */
  succeeded_at: Date | null;
  /** Of those that are kept, under whichever policy. */
  last_full_at: Date | null;
  last_incremental_at: Date | null;
}

type Nullable<T> = { [K in keyof T]: T[K] | null };

const shownColumns = [
  ...(['id', 'owner_id', 'name', 'engine', 'version', 'host', 'port', 'ssh_port', 'ssh_user', 'host_key', 'role', 'primary_id'] as const),
  ...(['status', 'status_message', 'checked_at', 'ssh_key_id', 'revision', 'deleted_at', 'created_at'] as const),
] as const;

const scheduleColumns = ['full_frequency', 'full_time', 'full_day', 'incremental_hours'] as const;

export async function findDatabaseOverview(db: Catalogue, id: string): Promise<DatabaseOverview | undefined> {
  return overviews(db).where('databases.id', '=', id).executeTakeFirst();
}

/** All of one owner, or everybody's, by name. */
export async function listAllOverviews(db: Catalogue, ownerId: string | undefined): Promise<DatabaseOverview[]> {
  const query = overviews(db).orderBy('databases.name').orderBy('databases.id');
  return (ownerId === undefined ? query : query.where('databases.owner_id', '=', ownerId)).execute();
}

export interface DatabaseFilter {
  readonly ownerId?: string | undefined;
  readonly engine?: EngineName | undefined;
  readonly status?: DatabaseStatus | undefined;
  readonly isAttached?: boolean | undefined;
  /** A part of the name or the host, in any case. */
  readonly search?: string | undefined;
}

export async function listDatabaseOverviews(
  db: Catalogue,
  filter: DatabaseFilter,
  page: PageRequest & { readonly order: { readonly column: 'name' | 'created_at'; readonly direction: Direction } },
): Promise<Page<DatabaseOverview>> {
  await requireCursor(db, 'databases', page.cursor, { owner_id: filter.ownerId });
  const { column, direction } = page.order;
  let query = overviews(db)
    .orderBy(`databases.${column}`, direction)
    .orderBy('databases.id', direction)
    .limit(page.limit + 1);
  if (filter.ownerId !== undefined) query = query.where('databases.owner_id', '=', filter.ownerId);
  if (filter.engine !== undefined) query = query.where('databases.engine', '=', filter.engine);
  if (filter.status !== undefined) query = query.where('databases.status', '=', filter.status);
  if (filter.isAttached !== undefined) query = query.where(attachedPolicy, filter.isAttached ? 'is not' : 'is', null);
  const { search } = filter;
  if (search !== undefined)
    query = query.where((e) => e.or([e('databases.name', 'ilike', holding(search)), e('databases.host', 'ilike', holding(search))]));
  if (page.cursor !== undefined) query = query.where(isAfter('databases', column, direction, page.cursor));
  return toPage(await query.execute(), page);
}

/** Looked up for each row in the order of the list: as a condition of the join it would have all of both tables read. */
const attachedPolicy = sql`(select policy_id from attachments a where a.database_id = databases.id)`;

function overviews(db: Catalogue) {
  return db
    .selectFrom('databases')
    .leftJoin('attachments', 'attachments.database_id', 'databases.id')
    .leftJoin('policies', 'policies.id', 'attachments.policy_id')
    .where('databases.deleted_at', 'is', null)
    .select(shownColumns.map((name) => `databases.${name}` as const))
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
    .select((e) => [lastBackup(e, 'full').as('last_full_at'), lastBackup(e, 'incremental').as('last_incremental_at')]);
}

function lastBackup(e: ExpressionBuilder<Tables, 'databases'>, kind: BackupKind) {
  return e
    .selectFrom('backups')
    .select(({ fn }) => fn.max('backups.ended_at').as('ended_at'))
    .whereRef('backups.database_id', '=', 'databases.id')
    .where('backups.kind', '=', kind)
    .where('backups.status', '=', 'completed');
}

export async function markDatabase(
  db: Catalogue,
  id: string,
  result: { status: DatabaseStatus; status_message: string | null; version?: string | null },
): Promise<void> {
  await db
    .updateTable('databases')
    .set({ ...result, checked_at: new Date() })
    .where('id', '=', id)
    .execute();
}

/** The check that it waits for does not come. */
export async function markUnchecked(db: Catalogue, id: string, message: string): Promise<void> {
  await db
    .updateTable('databases')
    .set({ status: 'error', status_message: message })
    .where('id', '=', id)
    .where('status', '=', 'checking')
    .execute();
}

/** Pins the host key that the first check saw; never replaces one. */
export async function pinHostKey(db: Catalogue, id: string, hostKey: string): Promise<void> {
  await db.updateTable('databases').set({ host_key: hostKey }).where('id', '=', id).where('host_key', 'is', null).execute();
}
