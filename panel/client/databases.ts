import type { DatabaseStatus, EngineName } from '#domain/states.ts';
import { api, ask, type Schemas } from './ask.ts';
import { keys } from './keys.ts';
import { type Pages, usePages } from './pages.ts';

export type Database = Schemas['Database'];

export interface DatabaseFilter {
  readonly ownerId?: string;
  readonly engine?: EngineName;
  readonly status?: DatabaseStatus;
  readonly isAttached?: 'true' | 'false';
  /** A part of the name or the host. */
  readonly search?: string;
}

export function useDatabases(filter: DatabaseFilter): Pages<Database> {
  return usePages(keys.list('databases', filter), (cursor) =>
    ask(() => api.GET('/api/v1/databases', { params: { query: { ...filter, ...(cursor === undefined ? {} : { cursor }) } } })),
  );
}
