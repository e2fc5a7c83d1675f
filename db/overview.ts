import { type ExpressionBuilder, sql } from 'kysely';
import type { PolicyStatus, TaskStatus } from '#domain/states.ts';
import type { Catalogue, Tables } from './tables.ts';

export interface TroubledPolicy {
  readonly id: string;
  readonly name: string;
  readonly owner_id: string;
  readonly status: PolicyStatus;
  readonly consecutive_failures: number;
  readonly last_error: string | null;
}

/** Policies whose last backup failed, that are paused, or whose store cannot be used; the worst first. */
export async function listTroubledPolicies(db: Catalogue, ownerId: string | undefined): Promise<TroubledPolicy[]> {
  const query = db
    .selectFrom('policies')
    .select(['id', 'name', 'owner_id', 'status', 'consecutive_failures', 'last_error'])
    .where('deleted_at', 'is', null)
    .where((e) => e.or([e('consecutive_failures', '>', 0), e('status', 'in', ['paused', 'error'])]))
    .orderBy('consecutive_failures', 'desc')
    .orderBy('name');
  return (ownerId === undefined ? query : query.where('owner_id', '=', ownerId)).execute();
}

export async function countPolicies(db: Catalogue, ownerId: string | undefined): Promise<number> {
  const query = db
    .selectFrom('policies')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('deleted_at', 'is', null);
  return (await (ownerId === undefined ? query : query.where('owner_id', '=', ownerId)).executeTakeFirstOrThrow()).count;
}

/** Of tasks that have not ended, or ended since, how many there are in each status. */
export async function countTasks(db: Catalogue, ownerId: string | undefined, since: Date): Promise<ReadonlyMap<TaskStatus, number>> {
  const query = db
    .selectFrom('tasks')
    .select(['status', ({ fn }) => fn.countAll<number>().as('count')])
    .where((e) => e.or([e('status', 'in', ['queued', 'running']), e('ended_at', '>=', since)]))
    .groupBy('status');
  const rows = await (ownerId === undefined ? query : query.where('owner_id', '=', ownerId)).execute();
  return new Map(rows.map(({ status, count }) => [status, count]));
}

export interface Stored {
  readonly backups: number;
  readonly backup_bytes: number;
  readonly log_bytes: number;
}

/** What lies in the buckets now. */
export async function sumStored(db: Catalogue, ownerId: string | undefined): Promise<Stored> {
  const backups = await db
    .selectFrom('backups')
    .select(({ fn }) => [fn.countAll<number>().as('backups'), sumOf('stored_bytes').as('backup_bytes')])
    .where('status', 'in', ['completed', 'deleting'])
    .where(ofOwner(ownerId, 'backups.database_id'))
    .executeTakeFirstOrThrow();
  const logs = await db
    .selectFrom('log_archives')
    .select(sumOf('size_bytes').as('log_bytes'))
    .where(ofOwner(ownerId, 'log_archives.database_id'))
    .executeTakeFirstOrThrow();
  return { ...backups, ...logs };
}

export interface StoredDay {
  /** "2026-11-26", UTC. */
  readonly day: string;
  readonly backups: number;
  readonly written_bytes: number;
  /** Of what was written that day. */
  readonly kept_bytes: number;
}

/** What backups wrote since then, day by day, also those that have been deleted again; days without a backup are not there. */
export async function sumStoredByDay(db: Catalogue, ownerId: string | undefined, since: Date): Promise<StoredDay[]> {
  const day = sql<string>`to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD')`;
  return db
    .selectFrom('backups')
    .select(({ fn }) => [
      day.as('day'),
      fn.countAll<number>().as('backups'),
      sumOf('stored_bytes').as('written_bytes'),
      sumOf('stored_bytes', sql`status in ('completed', 'deleting')`).as('kept_bytes'),
    ])
    .where('status', 'in', ['completed', 'deleting', 'deleted'])
    .where('ended_at', '>=', since)
    .where(ofOwner(ownerId, 'backups.database_id'))
    .groupBy(day)
    .orderBy(day)
    .execute();
}

/** As a bigint, which PostgreSQL's own sum of bigints is not. */
function sumOf(column: 'stored_bytes' | 'size_bytes', where = sql`true`) {
  return sql<number>`coalesce(sum(${sql.ref(column)}) filter (where ${where}), 0)::bigint`;
}

function ofOwner(ownerId: string | undefined, column: 'backups.database_id' | 'log_archives.database_id') {
  return (e: ExpressionBuilder<Tables, 'backups' | 'log_archives'>) =>
    ownerId === undefined
      ? e.lit(true)
      : e(column, 'in', e.selectFrom('databases').select('databases.id').where('databases.owner_id', '=', ownerId));
}
