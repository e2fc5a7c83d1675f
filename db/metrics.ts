import type { PolicyStatus, TaskStatus } from '#domain/states.ts';
import type { Catalogue } from './tables.ts';

export interface Counts {
  readonly policies: ReadonlyMap<PolicyStatus, number>;
  readonly tasks: ReadonlyMap<TaskStatus, number>;
  readonly unsentNotices: number;
}

/** How many there are of each; deleted policies do not count. */
export async function countByStatus(db: Catalogue): Promise<Counts> {
  const [policies, tasks, unsent] = await Promise.all([
    db
      .selectFrom('policies')
      .where('deleted_at', 'is', null)
      .select(['status', ({ fn }) => fn.countAll<number>().as('count')])
      .groupBy('status')
      .execute(),
    db
      .selectFrom('tasks')
      .select(['status', ({ fn }) => fn.countAll<number>().as('count')])
      .groupBy('status')
      .execute(),
    db
      .selectFrom('notices')
      .where('sent_at', 'is', null)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow(),
  ]);
  return {
    policies: new Map(policies.map(({ status, count }) => [status, count])),
    tasks: new Map(tasks.map(({ status, count }) => [status, count])),
    unsentNotices: unsent.count,
  };
}
