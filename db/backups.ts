import type { Insertable, Selectable, Updateable } from 'kysely';
import type { RetentionBackup } from '#domain/retention.ts';
import type { BackupKind, BackupStatus } from '#domain/states.ts';
import { TidemarkError } from '#domain/errors.ts';
import { isAfter, type Page, type PageRequest, requireCursor, toPage } from './paging.ts';
import type { Catalogue, Tables } from './tables.ts';

export type BackupRow = Selectable<Tables['backups']>;
export type BackupChange = Updateable<Tables['backups']>;

/** A row as the rules of `domain/chain.ts` see it, with the row itself. */
export interface BackupLink extends RetentionBackup {
  readonly row: BackupRow;
}

export function backupLink(row: BackupRow): BackupLink {
  return {
    id: row.id,
    kind: row.kind,
    status: row.status,
    generation: row.generation,
    parentId: row.parent_id,
    createdAt: row.created_at.getTime(),
    consistentAt: row.consistent_at?.getTime() ?? null,
    firstLog: row.first_log,
    lastLog: row.last_log,
    row,
  };
}

/** The same id again changes nothing. */
export async function insertBackup(db: Catalogue, backup: Insertable<Tables['backups']>): Promise<void> {
  await db
    .insertInto('backups')
    .values(backup)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

export async function findBackup(db: Catalogue, id: string): Promise<BackupRow | undefined> {
  return db.selectFrom('backups').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function getBackup(db: Catalogue, id: string): Promise<BackupRow> {
  const row = await findBackup(db, id);
  if (row === undefined) throw new TidemarkError('not-found', `there is no backup ${id}`);
  return row;
}

export interface BackupFilter {
  readonly kind?: BackupKind | undefined;
  readonly status?: BackupStatus | undefined;
}

/** Newest first, page by page. */
export async function pageBackups(db: Catalogue, databaseId: string, filter: BackupFilter, page: PageRequest): Promise<Page<BackupRow>> {
  await requireCursor(db, 'backups', page.cursor, { database_id: databaseId });
  let query = db
    .selectFrom('backups')
    .selectAll()
    .where('database_id', '=', databaseId)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1);
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
  if (filter.status !== undefined) query = query.where('status', '=', filter.status);
  if (page.cursor !== undefined) query = query.where(isAfter('backups', 'created_at', 'desc', page.cursor));
  return toPage(await query.execute(), page);
}

/** All of them, newest first: a plan needs every one. */
export async function listBackups(db: Catalogue, databaseId: string): Promise<BackupRow[]> {
  return db.selectFrom('backups').selectAll().where('database_id', '=', databaseId).orderBy('created_at', 'desc').execute();
}

/** Those of a policy that can be restored from: of what is kept, and not of all that ever was. */
export async function listCompletedBackups(db: Catalogue, databaseId: string, policyId: string): Promise<BackupRow[]> {
  return db
    .selectFrom('backups')
    .selectAll()
    .where('database_id', '=', databaseId)
    .where('policy_id', '=', policyId)
    .where('status', '=', 'completed')
    .orderBy('created_at', 'desc')
    .execute();
}

export async function updateBackup(db: Catalogue, id: string, change: BackupChange): Promise<void> {
  await db.updateTable('backups').set(change).where('id', '=', id).execute();
}

/** An attempt takes the backup over, from an earlier one that may not know yet that it was given up. False where the backup has ended. */
export async function claimBackup(db: Catalogue, id: string, attemptId: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('backups')
    .set((e) => ({ status: 'running', attempt_id: attemptId, started_at: e.fn.coalesce('started_at', e.val(new Date())) }))
    .where('id', '=', id)
    .where('status', 'in', ['pending', 'running'])
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Throws `backup-failed` where another attempt has taken the backup over, or it has ended: what is there now is theirs. */
export async function completeBackup(db: Catalogue, id: string, attemptId: string, change: BackupChange): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('backups')
    .set({ ...change, status: 'completed' })
    .where('id', '=', id)
    .where('attempt_id', '=', attemptId)
    .where('status', '=', 'running')
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new TidemarkError('backup-failed', `another attempt has taken the backup ${id} over, or it has ended`);
}

/** Marks one that has not completed as failed: what is completed stays so. */
export async function failBackup(db: Catalogue, id: string, error: { code: string; message: string }): Promise<void> {
  await db
    .updateTable('backups')
    .set({ status: 'failed', error_code: error.code, error_message: error.message, ended_at: new Date() })
    .where('id', '=', id)
    .where('status', 'in', ['pending', 'running'])
    .execute();
}

/** From now on nothing is restored from them, and nothing is built on them. */
export async function markDeleting(db: Catalogue, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db.updateTable('backups').set({ status: 'deleting' }).where('id', 'in', ids).where('status', '=', 'completed').execute();
}

/** They are gone from the bucket. */
export async function markDeleted(db: Catalogue, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db.updateTable('backups').set({ status: 'deleted' }).where('id', 'in', ids).where('status', '=', 'deleting').execute();
}

/** How many backups of a database are kept or are still to be removed, by whichever policy. */
export async function countStoredBackups(db: Catalogue, databaseId: string): Promise<number> {
  const { count } = await db
    .selectFrom('backups')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('database_id', '=', databaseId)
    .where('status', 'in', storedStatuses)
    .executeTakeFirstOrThrow();
  return count;
}

const storedStatuses = ['pending', 'running', 'completed', 'deleting'] as const;

/** What a policy keeps or is still to remove, of all databases; what failed ones left behind does not count. */
export async function listStoredBackups(db: Catalogue, policyId: string): Promise<BackupRow[]> {
  return db.selectFrom('backups').selectAll().where('policy_id', '=', policyId).where('status', 'in', storedStatuses).execute();
}
