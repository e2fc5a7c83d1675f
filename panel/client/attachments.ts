import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask, askOnce, type Schemas } from './ask.ts';
import { keys } from './keys.ts';
import type { Task } from './tasks.ts';

export type Attachment = Schemas['Attachment'];

/** The databases that are attached to a policy. */
export function useAttachments(policyId: string) {
  return useQuery({
    queryKey: keys.part('policies', policyId, 'attachments'),
    queryFn: () => ask(() => api.GET('/api/v1/policies/{id}/attachments', { params: { path: { id: policyId } } })),
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

/** Its task is seen among the policy's. */
function useOperation<V>(policyId: string, mutationFn: (variables: V) => Promise<Task>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: keys.one('policies', policyId) }),
        client.invalidateQueries({ queryKey: ['tasks', 'list'] }),
      ]),
  });
}
