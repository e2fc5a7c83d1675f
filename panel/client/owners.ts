import { useQuery } from '@tanstack/react-query';
import { api, ask } from './ask.ts';
import { keys } from './keys.ts';
import { useMe } from './me.ts';

/** Everybody, for admins, who act for others; nobody for others. */
export function useOwners() {
  const { role } = useMe();
  return useQuery({
    queryKey: keys.list('users', { as: 'owners' }),
    queryFn: () => ask(() => api.GET('/api/v1/users')),
    select: ({ items }) => items,
    enabled: role === 'admin',
  });
}
