import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type Client } from './client.ts';
import { CommandError } from './failures.ts';

/** Between the tries. */
const WAITS_MS = [1_000, 2_000, 4_000];

/**
 * Asks for something to be done. While it fails in a way that may pass it is sent again under the same key, so that it is done once.
 * Throws CommandError as `ask` does, and `unknown` where it may have been done and no answer tells.
 */
export async function askOnce<T>(client: Client, path: string, body: unknown): Promise<T> {
  const headers = { 'idempotency-key': randomUUID() };
  let doubt: CommandError | undefined;
  const attempt = async ([wait, ...later]: readonly number[]): Promise<T> => {
    try {
      return await ask<T>(client, 'POST', path, { body, headers });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (error.isUncertain) doubt ??= error;
      // under its key a refusal tells of the earlier tries too: none has begun it
      if (!error.isPassing && !error.isUncertain) throw error;
      if (!error.isPassing || wait === undefined) throw tellDoubt(error, doubt);
      await sleep(wait);
      return attempt(later);
    }
  };
  return attempt(WAITS_MS);
}

/** As `askOnce`, where the API knows no keys: it is sent once. */
export async function askForRemoval<T>(client: Client, path: string): Promise<T> {
  try {
    return await ask<T>(client, 'DELETE', path);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw tellDoubt(error, error.isUncertain ? error : undefined);
  }
}

function tellDoubt(error: CommandError, doubt: CommandError | undefined): CommandError {
  if (doubt === undefined) return error;
  const hint = 'Look at `tidemark tasks` before you ask for it again.';
  return new CommandError('unknown', `it may have begun, but no answer tells: ${doubt.message}`, { hint, cause: doubt });
}
