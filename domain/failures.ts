import type { PolicyStatus } from './states.ts';

/** So many failed backups in a row pause a policy. */
export const failuresUntilPause = 3;

/** What a policy remembers of how its backups went; plain JSON. */
export interface FailureCount {
  readonly consecutive: number;
  /** Scheduled backups do not run. */
  readonly paused: boolean;
  /** Why the last one failed, or who paused it; null when nothing is wrong. */
  readonly lastError: string | null;
}

/** What is said of an operation that an operator terminated, and that could not say anything itself. */
export const terminated = { code: 'operation-lost', message: 'the operation was terminated' } as const;

export const noFailures: FailureCount = { consecutive: 0, paused: false, lastError: null };

/** A failed backup counts, and the third in a row pauses; one that went well, whatever it was taken for, clears everything. */
export function countOutcome(count: FailureCount, outcome: { readonly databaseName: string; readonly error?: string }): FailureCount {
  if (outcome.error === undefined) return noFailures;
  const consecutive = count.consecutive + 1;
  return {
    consecutive,
    paused: count.paused || consecutive >= failuresUntilPause,
    lastError: `${outcome.databaseName}: ${outcome.error}`,
  };
}

/** What a policy is, seen from outside: paused shows only while its store is good. */
export function statusOf(store: Exclude<PolicyStatus, 'paused'>, { paused }: FailureCount): PolicyStatus {
  return store === 'active' && paused ? 'paused' : store;
}
