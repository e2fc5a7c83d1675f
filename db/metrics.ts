import type { PolicyStatus, TaskStatus } from '#domain/states.ts';
import type { Catalogue } from './tables.ts';

export interface Counts {
  readonly policies: ReadonlyMap<PolicyStatus, number>;
  /** Queued and running. */
  readonly unfinishedTasks: ReadonlyMap<TaskStatus, number>;
  readonly endedTasks: ReadonlyMap<TaskStatus, number>;
  readonly unsentNotices: number;
}

/** How many there are of each, of tasks those that have not ended or ended since; deleted policies do not count. */
export async function countByStatus(db: Catalogue, since: Date): Promise<Counts> {
  const tasks = () =>
    db
      .selectFrom('tasks')
      .select(['status', ({ fn }) => fn.countAll<number>().as('count')])
      .groupBy('status');
  const [policies, unfinished, ended, unsent] = await Promise.all([
    db
      .selectFrom('policies')
      .where('deleted_at', 'is', null)
      .select(['status', ({ fn }) => fn.countAll<number>().as('count')])
      .groupBy('status')
      .execute(),
    tasks().where('status', 'in', ['queued', 'running']).execute(),
    tasks().where('ended_at', '>=', since).execute(),
    db
      .selectFrom('notices')
      .where('sent_at', 'is', null)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow(),
  ]);
  const byStatus = <S>(rows: { status: S; count: number }[]) => new Map(rows.map(({ status, count }) => [status, count]));
  return {
    policies: byStatus(policies),
    unfinishedTasks: byStatus(unfinished),
    endedTasks: byStatus(ended),
    unsentNotices: unsent.count,
  };
}
