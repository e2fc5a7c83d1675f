import type { Insertable, Selectable } from 'kysely';
import { TidemarkError } from '#domain/errors.ts';
import type { TaskKind, TaskStatus } from '#domain/states.ts';
import { isAfter, type Page, type PageRequest, requireCursor, toPage } from './paging.ts';
import type { Catalogue, Tables } from './tables.ts';

export type TaskRow = Selectable<Tables['tasks']>;
/** A task with what the things are called that it is about, also when they have been removed. */
export interface TaskOverview extends TaskRow {
  readonly database_name: string | null;
  readonly policy_name: string | null;
}

export type RestoreRow = Selectable<Tables['restores']>;
export type NewRestore = Insertable<Tables['restores']>;

/** The same id again changes nothing. */
export async function insertTask(db: Catalogue, task: Insertable<Tables['tasks']>): Promise<void> {
  await db
    .insertInto('tasks')
    .values(task)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** Takes back a task that was never begun, and the restore that it was for. */
export async function deleteQueuedTask(db: Catalogue, id: string): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const task = await transaction
      .deleteFrom('tasks')
      .where('id', '=', id)
      .where('status', '=', 'queued')
      .returning('restore_id')
      .executeTakeFirst();
    if (task?.restore_id != null) await transaction.deleteFrom('restores').where('id', '=', task.restore_id).execute();
  });
}

/** Those that have waited, or run, since before, oldest first. */
export async function listTasksSince(db: Catalogue, status: 'queued' | 'running', before: Date): Promise<TaskRow[]> {
  const since = status === 'queued' ? 'created_at' : 'started_at';
  return db.selectFrom('tasks').selectAll().where('status', '=', status).where(since, '<', before).orderBy(since).limit(1_000).execute();
}

/** One that has begun meanwhile goes on. */
export async function failQueuedTask(db: Catalogue, id: string, failure: { code: string; message: string }): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ status: 'failed', error_code: failure.code, error_message: failure.message, ended_at: new Date() })
    .where('id', '=', id)
    .where('status', '=', 'queued')
    .execute();
}

export async function findTask(db: Catalogue, id: string): Promise<TaskRow | undefined> {
  return db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst();
}

/** What waits or runs under the database's lock, which a check does not take. */
export async function findUnfinishedOperation(db: Catalogue, databaseId: string): Promise<TaskRow | undefined> {
  return db
    .selectFrom('tasks')
    .selectAll()
    .where('database_id', '=', databaseId)
    .where('status', 'in', ['queued', 'running'])
    .where('kind', '!=', 'check')
    .limit(1)
    .executeTakeFirst();
}

export async function findTaskOverview(db: Catalogue, id: string): Promise<TaskOverview | undefined> {
  return overviews(db).where('tasks.id', '=', id).executeTakeFirst();
}

export interface TaskFilter {
  readonly ownerId?: string | undefined;
  readonly databaseId?: string | undefined;
  readonly policyId?: string | undefined;
  readonly kind?: TaskKind | undefined;
  readonly isUnfinished?: boolean;
  readonly status?: TaskStatus | undefined;
}

export async function findTaskOfRestore(db: Catalogue, restoreId: string): Promise<TaskRow | undefined> {
  return db.selectFrom('tasks').selectAll().where('restore_id', '=', restoreId).executeTakeFirst();
}

/** Newest first, of one owner or everybody's. */
export async function listTasks(db: Catalogue, filter: TaskFilter, page: PageRequest): Promise<Page<TaskOverview>> {
  await requireCursor(db, 'tasks', page.cursor, { owner_id: filter.ownerId });
  let query = overviews(db)
    .orderBy('tasks.created_at', 'desc')
    .orderBy('tasks.id', 'desc')
    .limit(page.limit + 1);
  if (filter.ownerId !== undefined) query = query.where('tasks.owner_id', '=', filter.ownerId);
  if (filter.databaseId !== undefined) query = query.where('tasks.database_id', '=', filter.databaseId);
  if (filter.policyId !== undefined) query = query.where('tasks.policy_id', '=', filter.policyId);
  if (filter.kind !== undefined) query = query.where('tasks.kind', '=', filter.kind);
  if (filter.isUnfinished === true) query = query.where('tasks.ended_at', 'is', null);
  if (filter.status !== undefined) query = query.where('tasks.status', '=', filter.status);
  if (page.cursor !== undefined) query = query.where(isAfter('tasks', 'created_at', 'desc', page.cursor));
  return toPage(await query.execute(), page);
}

function overviews(db: Catalogue) {
  return db
    .selectFrom('tasks')
    .leftJoin('databases', 'databases.id', 'tasks.database_id')
    .leftJoin('policies', 'policies.id', 'tasks.policy_id')
    .selectAll('tasks')
    .select(['databases.name as database_name', 'policies.name as policy_name']);
}

/** Throws `request-lost` when the task has ended already, or was taken back: it was given up before it could begin. */
export async function beginTask(db: Catalogue, id: string, workflowId: string): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ status: 'running', workflow_id: workflowId, started_at: new Date() })
    .where('id', '=', id)
    .where('status', '=', 'queued')
    .execute();
  const task = await findTask(db, id);
  if (task === undefined || task.ended_at !== null)
    throw new TidemarkError('request-lost', `task ${id} was given up before it could begin`);
}

/** The backup that the task takes; a task that failed takes it along. */
export async function linkBackup(db: Catalogue, id: string, backupId: string): Promise<void> {
  await db.updateTable('tasks').set({ backup_id: backupId }).where('id', '=', id).execute();
}

export async function enterPhase(db: Catalogue, id: string, phase: string): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ phase, progress_done: null, progress_total: null })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .where('phase', 'is distinct from', phase)
    .execute();
}

export async function reportProgress(db: Catalogue, id: string, done: number, total: number): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ progress_done: done, progress_total: total })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .execute();
}

/** Once ended, a task stays as it ended. */
export async function endTask(
  db: Catalogue,
  id: string,
  end: { status: TaskStatus; error_code?: string; error_message?: string },
): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ ...end, ended_at: new Date() })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .execute();
}

export async function insertRestore(db: Catalogue, restore: NewRestore): Promise<void> {
  await db.insertInto('restores').values(restore).execute();
}

/** Of a database, newest first, with the task of each. */
export async function listRestores(db: Catalogue, databaseId: string, limit: number): Promise<(RestoreRow & { task_id: string | null })[]> {
  return db
    .selectFrom('restores')
    .leftJoin('tasks', 'tasks.restore_id', 'restores.id')
    .selectAll('restores')
    .select('tasks.id as task_id')
    .where('restores.database_id', '=', databaseId)
    .orderBy('restores.created_at', 'desc')
    .limit(limit)
    .execute();
}

export async function findRestore(db: Catalogue, id: string): Promise<RestoreRow | undefined> {
  return db.selectFrom('restores').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function getRestore(db: Catalogue, id: string): Promise<RestoreRow> {
  return db.selectFrom('restores').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

export async function recordRestorePlan(
  db: Catalogue,
  id: string,
  plan: { base_backup_id: string; generation: number; new_generation: number },
): Promise<void> {
  await db.updateTable('restores').set(plan).where('id', '=', id).execute();
}
