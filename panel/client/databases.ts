import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { DatabaseStatus, EngineName } from '#domain/states.ts';
import { AGEING_MS } from './ageing.ts';
import { api, ask, askOnce, type Schemas } from './ask.ts';
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
  return usePages(
    keys.list('databases', filter),
    (cursor) => ask(() => api.GET('/api/v1/databases', { params: { query: { ...filter, ...(cursor === undefined ? {} : { cursor }) } } })),
    { refetchInterval: AGEING_MS },
  );
}

const MAX_SERVERS = 200;

/** The servers of one owner and engine, for a replica to be told of which it is one, and a primary of which there are. */
export function useServers(filter: { readonly ownerId: string; readonly engine: EngineName }) {
  return useQuery({
    queryKey: keys.list('databases', { ...filter, limit: MAX_SERVERS }),
    queryFn: () => ask(() => api.GET('/api/v1/databases', { params: { query: { ...filter, limit: MAX_SERVERS } } })),
    select: ({ items }) => items,
  });
}

export function useDatabase(id: string) {
  return useQuery({
    refetchInterval: AGEING_MS,
    queryKey: keys.one('databases', id),
    queryFn: () => ask(() => api.GET('/api/v1/databases/{id}', at(id))),
  });
}

export function useCreateDatabase() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas['DatabaseCreate']) => askOnce((header) => api.POST('/api/v1/databases', { params: { header }, body })),
    // a key that was pasted is kept nowhere but in its field
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: ['databases', 'list'] }),
  });
}

/** Refused as `edited-meanwhile` when it is no longer as it was shown. */
export function useEditDatabase({ id, revision }: Database) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas['DatabaseEdit']) =>
      ask(() => api.PATCH('/api/v1/databases/{id}', { params: { path: { id }, header: { 'If-Match': `"${revision}"` } }, body })),
    gcTime: 0,
    onSettled: () => client.invalidateQueries({ queryKey: keys.one('databases', id) }),
  });
}

export function useRemoveDatabase(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (confirmName: string) =>
      askOnce((header) => api.POST('/api/v1/databases/{id}/deletions', { params: { path: { id }, header }, body: { confirmName } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['databases', 'list'] }),
  });
}

export function useCheckDatabase(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => askOnce((header) => api.POST('/api/v1/databases/{id}/checks', { params: { path: { id }, header } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tasks', 'list'] }),
  });
}

export function useRetryPitr(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => askOnce((header) => api.POST('/api/v1/databases/{id}/pitr-retries', { params: { path: { id }, header } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tasks', 'list'] }),
  });
}

function at(id: string) {
  return { params: { path: { id } } };
}
