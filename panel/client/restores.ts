import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask, askOnce, type Schemas } from './ask.ts';
import { keys } from './keys.ts';

export type RecoveryWindow = Schemas['RecoveryWindow'];
export type Restore = Schemas['Restore'];
export type RestorePlan = Schemas['RestorePlan'];

/** To what a database is to be brought back: a backup, or a second (UTC, ISO). */
export type RestoreGoal = { readonly backupId: string } | { readonly target: string };

/** It grows with every piece of log, of which no change is told. */
const WINDOW_POLL_MS = 60_000;

export function useRecoveryWindow(databaseId: string) {
  return useQuery({
    refetchInterval: WINDOW_POLL_MS,
    queryKey: keys.part('databases', databaseId, 'recovery-window'),
    queryFn: () => ask(() => api.GET('/api/v1/databases/{id}/recovery-window', { params: { path: { id: databaseId } } })),
  });
}

/** What a restore would do; its error is the refusal. */
export function useRestorePlan(databaseId: string, goal: RestoreGoal | undefined) {
  return useQuery({
    queryKey: keys.part('databases', databaseId, 'restore-plan', goal),
    queryFn: () => ask(() => api.GET('/api/v1/databases/{id}/restore-plan', { params: { path: { id: databaseId }, query: goal ?? {} } })),
    enabled: goal !== undefined,
    placeholderData: keepPreviousData,
  });
}

/** The newest 100. */
export function useRestores(databaseId: string) {
  return useQuery({
    queryKey: keys.part('databases', databaseId, 'restores'),
    queryFn: () => ask(() => api.GET('/api/v1/databases/{id}/restores', { params: { path: { id: databaseId } } })),
    select: ({ items }) => items,
  });
}

export function useRestore(id: string) {
  return useQuery({
    queryKey: keys.one('restores', id),
    queryFn: () => ask(() => api.GET('/api/v1/restores/{id}', { params: { path: { id } } })),
  });
}

export function useCreateRestore(databaseId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: RestoreGoal & { readonly confirmName: string }) =>
      askOnce((header) => api.POST('/api/v1/databases/{id}/restores', { params: { path: { id: databaseId }, header }, body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tasks', 'list'] }),
  });
}
