import { api, ask, type Schemas } from './ask.ts';
import { keys } from './keys.ts';
import { type Pages, usePages } from './pages.ts';

export type Notice = Schemas['Notice'];

export interface NoticeFilter {
  readonly isSent?: 'true' | 'false';
}

export function useNotices(filter: NoticeFilter): Pages<Notice> {
  return usePages(keys.list('notices', filter), (cursor) =>
    ask(() => api.GET('/api/v1/notices', { params: { query: { ...filter, ...(cursor === undefined ? {} : { cursor }) } } })),
  );
}
