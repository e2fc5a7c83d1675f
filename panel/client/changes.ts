import type { components } from './openapi.d.ts';
import type { Resource } from './keys.ts';

/** What GET /api/v1/events tells: something has changed, and may be asked for again. An attachment's id is that of its database. */
export type Change = components['schemas']['Change'];

type KeyStart = readonly [Resource, ...string[]];

/** The beginnings of the names (keys.ts) of everything that shows what has changed. */
export function keysOfChange(change: Change): KeyStart[] {
  const { id, databaseId, policyId } = change;
  const parents: KeyStart[] = [
    ...(databaseId === null ? [] : [['databases', databaseId] as const]),
    ...(policyId === null ? [] : [['policies', policyId] as const]),
  ];
  const lists: KeyStart[] = [
    ['databases', 'list'],
    ['policies', 'list'],
  ];
  const touched: Readonly<Record<Change['kind'], KeyStart[]>> = {
    // it tells of its progress every second; what it changes is told by itself
    task: [
      ['tasks', 'list'],
      ['tasks', id],
    ],
    database: [['databases', id], ...lists],
    policy: [['policies', id], ...lists],
    attachment: [['databases', id], ...lists],
    backup: lists,
    restore: [['restores', id]],
    notice: [['notices', 'list']],
  };
  return change.kind === 'task' ? touched.task : [...touched[change.kind], ...parents];
}

export function isChange(value: unknown): value is Change {
  return typeof value === 'object' && value !== null && ['kind', 'id', 'databaseId', 'policyId'].every((name) => name in value);
}
