import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask, type Schemas } from './ask.ts';
import { keys } from './keys.ts';

export type OpenSession = Schemas['OpenSession'];

export function useSessions() {
  return useQuery({
    queryKey: keys.sessions,
    queryFn: () => ask(() => api.GET('/api/v1/sessions')),
    select: ({ items }) => items,
  });
}

export function useEndSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ask(() => api.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: keys.sessions }),
  });
}
