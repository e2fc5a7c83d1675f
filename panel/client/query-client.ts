import { QueryClient } from '@tanstack/react-query';
import type { ProblemError } from './problem-error.ts';

const TRIES = 2;

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: ProblemError;
  }
}

/** Answers stay good until the API tells of a change (live.ts). */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (failures, error) => failures < TRIES && !(error.status >= 400 && error.status < 500),
        retryDelay: 500,
      },
    },
  });
}
