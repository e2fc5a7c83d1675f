/**
 * The names under which answers are kept. A list is `[resource, 'list', filter]`, one thing `[resource, id]`, and what belongs to
 * it lies below: `['databases', id, 'backups', filter]`. What the API tells of a change (changes.ts) reaches them by these names.
 */
export const keys = {
  me: ['me'],
  sessions: ['sessions'],
  tokens: ['tokens'],
  installation: ['installation'],
  overview: ['overview'],
  list: (resource: Resource, filter: object = {}) => [resource, 'list', filter] as const,
  one: (resource: Resource, id: string) => [resource, id] as const,
  part: (resource: Resource, id: string, part: string, filter: object = {}) => [resource, id, part, filter] as const,
} as const;

export type Resource = 'databases' | 'policies' | 'tasks' | 'users' | 'notices' | 'audit-rows' | 'restores';
