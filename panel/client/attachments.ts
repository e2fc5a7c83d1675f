import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { BackupKind } from '#domain/states.ts';
import { api, ask, askOnce, type Schemas } from './ask.ts';
import { keys } from './keys.ts';

export type Attachment = Schemas['Attachment'];
export type Task = Schemas['Task'];

const SHOWN_TASKS = 15;

/** The databases that are attached to a policy. */
export function useAttachments(policyId: string) {
  return useQuery({
    queryKey: keys.part('policies', policyId, 'attachments'),
    queryFn: () => ask(() => api.GET('/api/v1/policies/{id}/attachments', { params: { path: { id: policyId } } })),
    select: ({ items }) => items,
  });
}

/** What was done for a policy last, newest first. */
export function usePolicyTasks(policyId: string) {
  const filter = { policyId, limit: SHOWN_TASKS };
  return useQuery({
    queryKey: keys.list('tasks', filter),
    queryFn: () => ask(() => api.GET('/api/v1/tasks', { params: { query: filter } })),
    select: ({ items }) => items,
  });
}

export function useAttach(policyId: string) {
  return useOperation(policyId, (databaseId: string) =>
    askOnce((header) =>
      api.POST('/api/v1/policies/{id}/attachments', { params: { path: { id: policyId }, header }, body: { databaseId } }),
    ),
  );
}

export function useDetach(policyId: string) {
  return useOperation(policyId, (databaseId: string) =>
    ask(() => api.DELETE('/api/v1/policies/{id}/attachments/{databaseId}', { params: { path: { id: policyId, databaseId } } })),
  );
}

/** Manual Backup of a database of the policy. */
export function useBackUp(policyId: string) {
  return useOperation(policyId, ({ databaseId, kind }: { databaseId: string; kind: BackupKind }) =>
    askOnce((header) => api.POST('/api/v1/databases/{id}/backups', { params: { path: { id: databaseId }, header }, body: { kind } })),
  );
}

/** Its task is seen in the policy's. */
function useOperation<V>(policyId: string, mutationFn: (variables: V) => Promise<Task>) {
  const client = useQueryClient();
  return useMutation({ mutationFn, onSuccess: () => client.invalidateQueries({ queryKey: keys.one('policies', policyId) }) });
}
