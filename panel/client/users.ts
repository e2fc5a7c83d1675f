import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask, type Schemas } from './ask.ts';
import { keys } from './keys.ts';
import { useMe } from './me.ts';

/** Everybody; for those who are no admins, nobody. */
export function useUsers() {
  const { role } = useMe();
  return useQuery({
    queryKey: keys.list('users'),
    queryFn: () => ask(() => api.GET('/api/v1/users')),
    select: ({ items }) => items,
    enabled: role === 'admin',
  });
}

export function useCreateUser() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas['UserCreate']) => ask(() => api.POST('/api/v1/users', { body })),
    // a password is kept nowhere but in its field
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.list('users') }),
  });
}

export function useEditUser(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas['UserEdit']) => ask(() => api.PATCH('/api/v1/users/{id}', { params: { path: { id } }, body })),
    // a password is kept nowhere but in its field
    gcTime: 0,
    onSuccess: () =>
      Promise.all([client.invalidateQueries({ queryKey: keys.list('users') }), client.invalidateQueries({ queryKey: keys.me })]),
  });
}
