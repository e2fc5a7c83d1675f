import { useQuery } from '@tanstack/react-query';
import { AGEING_MS } from './ageing.ts';
import { api, ask, type Schemas } from './ask.ts';
import { keys } from './keys.ts';

export type Overview = Schemas['Overview'];

/** Of everybody. */
export function useOverview() {
  return useQuery({ refetchInterval: AGEING_MS, queryKey: keys.overview, queryFn: () => ask(() => api.GET('/api/v1/overview')) });
}
