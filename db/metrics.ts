import { sql } from 'kysely';
import type { BackupKind, EngineName, PitrStatus, PolicyStatus, TaskKind, TaskStatus } from '#domain/states.ts';
import { countUnsentNotices } from './notices.ts';
import type { Catalogue, Tables } from './tables.ts';

export interface Counts {
  readonly policies: ReadonlyMap<PolicyStatus, number>;
  /** Queued and running. */
  readonly unfinishedTasks: ReadonlyMap<TaskStatus, number>;
  readonly unsentNotices: number;
}

/** How many there are of each; deleted policies do not count. */
export async function countByStatus(db: Catalogue): Promise<Counts> {
  const [policies, unfinished, unsent] = await Promise.all([
    db
      .selectFrom('policies')
      .where('deleted_at', 'is', null)
      .select(['status', ({ fn }) => fn.countAll<number>().as('count')])
      .groupBy('status')
      .execute(),
    db
      .selectFrom('tasks')
      .where('status', 'in', ['queued', 'running'])
      .select(['status', ({ fn }) => fn.countAll<number>().as('count')])
      .groupBy('status')
      .execute(),
    countUnsentNotices(db),
  ]);
  const byStatus = <S>(rows: { status: S; count: number }[]) => new Map(rows.map(({ status, count }) => [status, count]));
  return { policies: byStatus(policies), unfinishedTasks: byStatus(unfinished), unsentNotices: unsent };
}

type Schedule = Pick<Tables['policies'], 'full_frequency' | 'full_time' | 'full_day' | 'incremental_hours'>;

export interface AttachedHealth extends Schedule {
  readonly id: string;
  readonly name: string;
  readonly policy_name: string;
  readonly pitr_status: PitrStatus;
  readonly attached_at: Date;
  /** When the last backup under this policy ended well. */
  readonly succeeded_at: Date | null;
  /** Every commit before it is in the archive; null without PITR, and before the first log. */
  readonly archived_until: Date | null;
  /** Pieces that are known to be missing in the archive that the policy keeps. */
  readonly gaps: number;
}

/** Of all that are attached: a few looks into indexes for each. */
export async function listAttachedHealth(db: Catalogue): Promise<AttachedHealth[]> {
  return db
    .selectFrom('attachments')
    .innerJoin('databases', 'databases.id', 'attachments.database_id')
    .innerJoin('policies', 'policies.id', 'attachments.policy_id')
    .select(['databases.id', 'databases.name', 'policies.name as policy_name', 'attachments.pitr_status'])
    .select(['attachments.created_at as attached_at', 'full_frequency', 'full_time', 'full_day', 'incremental_hours'])
    .select(({ selectFrom }) => [
      selectFrom('backups')
        .whereRef('backups.database_id', '=', 'attachments.database_id')
        .whereRef('backups.policy_id', '=', 'attachments.policy_id')
        .where('backups.status', 'in', ['completed', 'deleting', 'deleted'])
        .select(({ fn }) => fn.max('backups.ended_at').as('ended_at'))
        .as('succeeded_at'),
      // by the open generation's number, and not by a join: so the newest piece is the first that the key of the table gives
      selectFrom('log_archives')
        .whereRef('log_archives.database_id', '=', 'attachments.database_id')
        .where('log_archives.generation', '=', (e) =>
          e
            .selectFrom('generations')
            .whereRef('generations.database_id', '=', 'attachments.database_id')
            .where('generations.ended_at', 'is', null)
            .select('generations.number'),
        )
        .where('attachments.pitr_status', '!=', 'disabled')
        .where('covers_until_at', 'is not', null)
        .orderBy('log_archives.sequence', 'desc')
        .limit(1)
        .select('covers_until_at')
        .as('archived_until'),
      selectFrom('log_gaps')
        .innerJoin('generations', (join) =>
          join.onRef('generations.database_id', '=', 'log_gaps.database_id').onRef('generations.number', '=', 'log_gaps.generation'),
        )
        .whereRef('log_gaps.database_id', '=', 'attachments.database_id')
        .whereRef('generations.policy_id', '=', 'attachments.policy_id')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .$asScalar()
        .$notNull()
        .as('gaps'),
    ])
    .execute();
}

export interface PolicyFailures {
  readonly id: string;
  readonly name: string;
  readonly consecutive_failures: number;
}

export async function listPolicyFailures(db: Catalogue): Promise<PolicyFailures[]> {
  return db.selectFrom('policies').select(['id', 'name', 'consecutive_failures']).where('deleted_at', 'is', null).execute();
}

export interface StoredSizes {
  readonly id: string;
  readonly name: string;
  readonly size_bytes: number;
  readonly stored_bytes: number;
}

/** What the backups of each policy hold and take; also of deleted ones whose backups were kept. Reads an index entry for each backup that is kept. */
export async function sumStoredBackups(db: Catalogue): Promise<StoredSizes[]> {
  const { rows } = await sql<StoredSizes>`
    select p.id, p.name, b.size_bytes, b.stored_bytes
    from (
      select policy_id, coalesce(sum(size_bytes), 0)::float8 as size_bytes, coalesce(sum(stored_bytes), 0)::float8 as stored_bytes
      from backups where status in ('pending', 'running', 'completed', 'deleting') group by policy_id
    ) b join policies p on p.id = b.policy_id`.execute(db);
  return rows;
}

export interface EndedTask {
  readonly kind: TaskKind;
  readonly status: TaskStatus;
  readonly engine: EngineName | null;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  /** Of the backup that it took; null without one. */
  readonly backup_kind: BackupKind | null;
  readonly backup_started_at: Date | null;
  readonly backup_ended_at: Date | null;
  readonly size_bytes: number | null;
  readonly stored_bytes: number | null;
}

/** Those that ended after `after` and not after `until`. */
export async function listEndedTasks(db: Catalogue, after: Date, until: Date): Promise<EndedTask[]> {
  return db
    .selectFrom('tasks')
    .leftJoin('databases', 'databases.id', 'tasks.database_id')
    .leftJoin('backups', (join) =>
      join.onRef('backups.id', '=', 'tasks.backup_id').on('tasks.kind', 'in', ['backup', 'attach']).on('backups.status', '!=', 'failed'),
    )
    .select(['tasks.kind', 'tasks.status', 'databases.engine', 'tasks.started_at', 'tasks.ended_at', 'backups.kind as backup_kind'])
    .select(['backups.started_at as backup_started_at', 'backups.ended_at as backup_ended_at', 'size_bytes', 'stored_bytes'])
    .where('tasks.ended_at', '>', after)
    .where('tasks.ended_at', '<=', until)
    .execute();
}
