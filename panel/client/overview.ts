import { useQuery } from '@tanstack/react-query';
import { api, ask, type Schemas } from './ask.ts';
import { keys } from './keys.ts';

export type Overview = Schemas['Overview'];

/** Of everybody. */
export function useOverview() {
  return useQuery({ queryKey: keys.overview, queryFn: () => ask(() => api.GET('/api/v1/overview')) });
}
