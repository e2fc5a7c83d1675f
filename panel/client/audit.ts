import { useMutation } from '@tanstack/react-query';
import { api, ask, type Schemas } from './ask.ts';
import { keys } from './keys.ts';
import { type Pages, usePages } from './pages.ts';

export type AuditRow = Schemas['AuditRow'];

export interface AuditFilter {
  readonly actorId?: string;
  readonly subject?: string;
  readonly action?: string;
  readonly from?: string;
  readonly to?: string;
}

export function useAuditRows(filter: AuditFilter): Pages<AuditRow> {
  return usePages(
    keys.list('audit-rows', filter),
    (cursor) =>
      ask(() =>
        api.GET('/api/v1/audit-rows', { params: { query: { ...filter, ...(cursor === undefined ? {} : { cursor: Number(cursor) }) } } }),
      ),
    // no change of it is told
    { staleTime: 0 },
  );
}

/** Reads all rows, so it is done when somebody asks. */
export function useVerifyAudit() {
  return useMutation({ mutationFn: () => ask(() => api.GET('/api/v1/audit-rows/verification')) });
}
