import { QueryClient } from '@tanstack/react-query';
import type { ProblemError } from './problem-error.ts';

const TRIES = 2;

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: ProblemError;
  }
}

/**
 * Answers stay good until the API tells of a change (live.ts). What is asked for is asked at once, or fails: by default it would wait
 * for a network and then be sent by itself, after the person who asked has gone on.
 */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      mutations: { networkMode: 'always' },
      queries: {
        networkMode: 'always',
        refetchOnReconnect: true,
        staleTime: 30_000,
        retry: (failures, error) => failures < TRIES && !(error.status >= 400 && error.status < 500),
        retryDelay: 500,
      },
    },
  });
}
