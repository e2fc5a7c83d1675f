import { TidemarkError } from '#domain/errors.ts';

const FREE_TRIES = 5;
const WAIT_MS = 60_000;
const MAX_KEYS = 10_000;

/** Slows guessing down per account and address. In memory: several API processes count apart. */
export interface SignInGuard {
  /** Counts a try before its outcome is known, so that parallel tries count too. Throws `too-many-attempts`. */
  admit(account: string, address: string): void;
  succeed(account: string, address: string): void;
}

export function createSignInGuard(now: () => number = Date.now): SignInGuard {
  const tries = new Map<string, { count: number; last: number }>();
  return {
    admit(account, address) {
      const key = keyOf(account, address);
      const before = tries.get(key);
      const count = before === undefined || now() - before.last > WAIT_MS ? 0 : before.count;
      if (count >= FREE_TRIES) throw new TidemarkError('too-many-attempts', `there were ${count} wrong tries from this address`);
      tries.delete(key);
      if (tries.size >= MAX_KEYS) dropOldest(tries);
      tries.set(key, { count: count + 1, last: now() });
    },
    succeed: (account, address) => void tries.delete(keyOf(account, address)),
  };
}

function keyOf(account: string, address: string): string {
  return JSON.stringify([account.toLowerCase(), address]);
}

/** A Map keeps the order of insertion, and every try inserts anew. */
function dropOldest(tries: Map<string, unknown>): void {
  const [oldest] = tries.keys();
  if (oldest !== undefined) tries.delete(oldest);
}
