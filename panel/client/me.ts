import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, ask, type Schemas } from './ask.ts';
import { keys } from './keys.ts';
import { forgetSignIn, rememberSignIn } from './signed-in.ts';

export type User = Schemas['User'];

const meQuery = { queryKey: keys.me, queryFn: () => ask(() => api.GET('/api/v1/me')) };

/** Who is signed in; undefined until that is known. */
export function useMaybeMe() {
  return useQuery(meQuery);
}

/** Who is signed in, on pages behind the sign-in. */
export function useMe(): User {
  const { data } = useQuery(meQuery);
  if (data === undefined) throw new Error('useMe is for pages behind the sign-in');
  return data;
}

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas['SessionCreate']) => ask(() => api.POST('/api/v1/sessions', { body })),
    // a password is kept nowhere but in its field
    gcTime: 0,
    onSuccess({ user }) {
      client.clear();
      rememberSignIn();
      client.setQueryData(keys.me, user);
    },
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ask(() => api.DELETE('/api/v1/sessions/current')),
    onSuccess() {
      forgetSignIn();
      client.clear();
    },
  });
}

export function useConfirmSignIn() {
  return useMutation({
    mutationFn: (body: Schemas['Confirmation']) => ask(() => api.POST('/api/v1/sessions/current/confirmations', { body })),
    // a password is kept nowhere but in its field
    gcTime: 0,
  });
}

export function useEditMe() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas['MeEdit']) => ask(() => api.PATCH('/api/v1/me', { body })),
    onSuccess: (user) => client.setQueryData(keys.me, user),
  });
}

/** All other sessions end. */
export function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas['PasswordChange']) => ask(() => api.POST('/api/v1/me/password-changes', { body })),
    // a password is kept nowhere but in its field
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: keys.sessions }),
  });
}
