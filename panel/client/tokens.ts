import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask, type Schemas } from './ask.ts';
import { keys } from './keys.ts';

export type Token = Schemas['Token'];

export function useTokens() {
  return useQuery({
    queryKey: keys.tokens,
    queryFn: () => ask(() => api.GET('/api/v1/tokens')),
    select: ({ items }) => items,
  });
}

/** Its answer holds the secret, this once. */
export function useCreateToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas['TokenCreate']) => ask(() => api.POST('/api/v1/tokens', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.tokens }),
    // the secret is nowhere but on the screen
    gcTime: 0,
  });
}

export function useDeleteToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ask(() => api.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: keys.tokens }),
  });
}
