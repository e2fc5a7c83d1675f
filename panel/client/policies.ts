import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { PolicyStatus } from '#domain/states.ts';
import { AGEING_MS } from './ageing.ts';
import { api, ask, askOnce, type Schemas } from './ask.ts';
import { keys } from './keys.ts';
import { type Pages, usePages } from './pages.ts';

export type Policy = Schemas['Policy'];
export type ListedPolicy = Schemas['ListedPolicy'];
export type ProbeReport = Schemas['ProbeReport'];

export interface PolicyFilter {
  readonly ownerId?: string;
  readonly status?: PolicyStatus;
  /** A part of the name. */
  readonly search?: string;
}

export function usePolicies(filter: PolicyFilter): Pages<ListedPolicy> {
  return usePages(
    keys.list('policies', filter),
    (cursor) => ask(() => api.GET('/api/v1/policies', { params: { query: { ...filter, ...(cursor === undefined ? {} : { cursor }) } } })),
    { refetchInterval: AGEING_MS },
  );
}

export function usePolicy(id: string) {
  return useQuery({
    refetchInterval: AGEING_MS,
    queryKey: keys.one('policies', id),
    queryFn: () => ask(() => api.GET('/api/v1/policies/{id}', { params: { path: { id } } })),
  });
}

export function useCreatePolicy() {
  const touch = useTouch();
  return useMutation({
    mutationFn: (body: Schemas['PolicyCreate']) => askOnce((header) => api.POST('/api/v1/policies', { params: { header }, body })),
    // a secret key is kept nowhere but in its field
    gcTime: 0,
    onSuccess: ({ id }) => touch(id),
  });
}

/** Refused with `edited-meanwhile` where somebody has changed it since `shown`. */
export function useEditPolicy({ id, revision }: Policy) {
  const touch = useTouch();
  return useMutation({
    mutationFn: (body: Schemas['PolicyEdit']) =>
      ask(() => api.PATCH('/api/v1/policies/{id}', { params: { path: { id }, header: { 'If-Match': `"${revision}"` } }, body })),
    gcTime: 0,
    onSuccess: () => touch(id),
  });
}

/** With what stands in the form. */
export function useTestStore() {
  return useMutation({ mutationFn: (body: Schemas['Store']) => ask(() => api.POST('/api/v1/store-tests', { body })), gcTime: 0 });
}

/** With what is saved. */
export function useTestPolicyStore(id: string) {
  const touch = useTouch();
  return useMutation({
    mutationFn: () => ask(() => api.POST('/api/v1/policies/{id}/store-tests', { params: { path: { id } } })),
    onSuccess: () => touch(id),
  });
}

export function useResetFailures(id: string) {
  const touch = useTouch();
  return useMutation({
    mutationFn: () => askOnce((header) => api.POST('/api/v1/policies/{id}/failure-resets', { params: { path: { id }, header } })),
    onSuccess: () => touch(id),
  });
}

export function useDeletePolicy(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas['PolicyDeletion']) =>
      askOnce((header) => api.POST('/api/v1/policies/{id}/deletions', { params: { path: { id }, header }, body })),
    // the policy itself is no longer there to be asked for
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['policies', 'list'] }),
        client.invalidateQueries({ queryKey: ['tasks', 'list'] }),
      ]),
  });
}

export function useUndeletePolicy(id: string) {
  const touch = useTouch();
  return useMutation({
    mutationFn: () => askOnce((header) => api.POST('/api/v1/policies/{id}/undeletions', { params: { path: { id }, header } })),
    onSuccess: () => touch(id),
  });
}

interface RecoveryKitFile {
  readonly name: string;
  readonly content: string;
}

/** The kit, under the name that the API gives the file. */
export function useRecoveryKit(id: string) {
  return useMutation({
    async mutationFn(): Promise<RecoveryKitFile> {
      let disposition: string | null = null;
      const kit = await ask(async () => {
        const answer = await api.POST('/api/v1/policies/{id}/recovery-kits', { params: { path: { id } } });
        disposition = answer.response.headers.get('content-disposition');
        return answer;
      });
      return { name: fileNameOf(disposition), content: `${JSON.stringify(kit, undefined, 2)}\n` };
    },
    // it holds a key
    gcTime: 0,
  });
}

function fileNameOf(disposition: string | null): string {
  return /filename="([^"]+)"/.exec(disposition ?? '')?.[1] ?? 'tidemark-recovery-kit.json';
}

function useTouch(): (id: string) => Promise<void> {
  const client = useQueryClient();
  return async (id) => {
    await Promise.all([
      client.invalidateQueries({ queryKey: keys.one('policies', id) }),
      client.invalidateQueries({ queryKey: ['policies', 'list'] }),
    ]);
  };
}
