import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { BackupKind } from '#domain/states.ts';
import { api, ask, askOnce, type Schemas } from './ask.ts';
import { keys } from './keys.ts';
import { type Pages, usePages } from './pages.ts';

export type Backup = Schemas['Backup'];

/** So many that a chain is seldom cut. */
const PAGE = 200;

/** A database's backups, newest first. */
export function useBackups(databaseId: string): Pages<Backup> {
  return usePages(keys.part('databases', databaseId, 'backups'), (cursor) =>
    ask(() =>
      api.GET('/api/v1/databases/{id}/backups', {
        params: { path: { id: databaseId }, query: { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) } },
      }),
    ),
  );
}

/** Without an id nothing is asked. */
export function useBackup(databaseId: string, id: string | null | undefined) {
  const known = id ?? '';
  return useQuery({
    queryKey: keys.part('databases', databaseId, 'backup', { id: known }),
    queryFn: () => ask(() => api.GET('/api/v1/backups/{id}', { params: { path: { id: known } } })),
    enabled: known !== '',
  });
}

export function useManualBackup(databaseId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (kind: BackupKind) =>
      askOnce((header) => api.POST('/api/v1/databases/{id}/backups', { params: { path: { id: databaseId }, header }, body: { kind } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tasks', 'list'] }),
  });
}

interface Deletion {
  readonly backupId: string;
  /** How many backups go with it, itself among them. */
  readonly confirmBackups: number;
}

export function useDeleteBackup(databaseId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ backupId, confirmBackups }: Deletion) =>
      askOnce((header) =>
        api.POST('/api/v1/backups/{id}/deletions', { params: { path: { id: backupId }, header }, body: { confirmBackups } }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: keys.one('databases', databaseId) }),
  });
}

/** What the daily retention would remove now, and why. */
export function useRetentionPlan(databaseId: string) {
  return useQuery({
    queryKey: keys.part('databases', databaseId, 'retention-plan'),
    queryFn: () => ask(() => api.GET('/api/v1/databases/{id}/retention-plan', { params: { path: { id: databaseId } } })),
    select: ({ items }) => items,
  });
}
