import { useQuery } from '@tanstack/react-query';
import type { TaskKind, TaskStatus } from '#domain/states.ts';
import { api, ask, type Schemas } from './ask.ts';
import { keys } from './keys.ts';
import { type Pages, usePages } from './pages.ts';

export type Task = Schemas['Task'];

export interface TaskFilter {
  readonly ownerId?: string;
  readonly databaseId?: string;
  readonly policyId?: string;
  readonly kind?: TaskKind;
  readonly status?: TaskStatus;
  /** How many a page has. */
  readonly limit?: number;
}

export function useTasks(filter: TaskFilter): Pages<Task> {
  return usePages(keys.list('tasks', filter), (cursor) =>
    ask(() => api.GET('/api/v1/tasks', { params: { query: { ...filter, ...(cursor === undefined ? {} : { cursor }) } } })),
  );
}

const RECENT = 15;

/** What was done for a policy, newest first. */
export function usePolicyTasks(policyId: string): Pages<Task> {
  return useTasks({ policyId, limit: RECENT });
}

/** Without an id nothing is asked. */
export function useTask(id: string | null | undefined) {
  const known = id ?? '';
  return useQuery({
    queryKey: keys.one('tasks', known),
    queryFn: () => ask(() => api.GET('/api/v1/tasks/{id}', { params: { path: { id: known } } })),
    enabled: known !== '',
  });
}

export function isUnfinished({ status }: Pick<Task, 'status'>): boolean {
  return status === 'queued' || status === 'running';
}
