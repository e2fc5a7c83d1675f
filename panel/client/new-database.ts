import { useMutation } from '@tanstack/react-query';
import { api, ask, askOnce, type Schemas } from './ask.ts';

export type SshKey = Schemas['SshKey'];
export type ProbeReport = Schemas['DatabaseProbeReport'];

/** Makes a pair; the private half stays with Tidemark. */
export function useCreateSshKey() {
  return useMutation({
    mutationFn: (body: Schemas['SshKeyCreate']) => askOnce((header) => api.POST('/api/v1/ssh-keys', { params: { header }, body })),
  });
}

/** Test Connection before anything is saved. */
export function useTestDatabase() {
  return useMutation({
    mutationFn: (body: Schemas['DatabaseTest']) => ask(() => api.POST('/api/v1/database-tests', { body })),
    // a key that was pasted is kept nowhere but in its field
    gcTime: 0,
  });
}
