import { useQuery } from '@tanstack/react-query';
import { api, ask, type Schemas } from './ask.ts';
import { keys } from './keys.ts';

export type Task = Schemas['Task'];

const SHOWN = 20;

/** The newest tasks of a database. */
export function useDatabaseTasks(databaseId: string) {
  const filter = { databaseId, limit: SHOWN };
  return useQuery({
    queryKey: keys.list('tasks', filter),
    queryFn: () => ask(() => api.GET('/api/v1/tasks', { params: { query: filter } })),
    select: ({ items }) => items,
  });
}

/** How the newest restores of a database went, 100 at most. */
export function useRestoreTasks(databaseId: string) {
  const filter = { databaseId, kind: 'restore', limit: 100 } as const;
  return useQuery({
    queryKey: keys.list('tasks', filter),
    queryFn: () => ask(() => api.GET('/api/v1/tasks', { params: { query: filter } })),
    select: ({ items }) => items,
  });
}

/** undefined while there is none to ask for. */
export function useTaskOf(id: string | null | undefined) {
  return useQuery({
    queryKey: keys.one('tasks', id ?? ''),
    queryFn: () => ask(() => api.GET('/api/v1/tasks/{id}', { params: { path: { id: id ?? '' } } })),
    enabled: typeof id === 'string',
  });
}

export function isUnfinished({ status }: Pick<Task, 'status'>): boolean {
  return status === 'queued' || status === 'running';
}
