import createClient from 'openapi-fetch';
import { confirmSignIn } from './fresh-sign-in.ts';
import type { components, paths } from './openapi.d.ts';
import { ProblemError, problemErrorOf } from './problem-error.ts';
import { forgetSignIn } from './signed-in.ts';

export const api = createClient<paths>({ baseUrl: window.location.origin });

export type Schemas = components['schemas'];

interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/**
 * What the API answers, or a ProblemError. `request` is made a second time when it wanted a fresh password and that was given;
 * where nobody is signed in any more, the sign-in page comes.
 */
export async function ask<T>(request: () => Promise<Answer<T>>): Promise<T> {
  try {
    return await send(request);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    if (error.code === 'not-signed-in') forgetSignIn();
    if (error.code !== 'sign-in-not-fresh' || !(await confirmSignIn())) throw error;
    return send(request);
  }
}

async function send<T>(request: () => Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await request().catch((error: unknown) => {
    throw problemErrorOf(error);
  });
  if (!response.ok) throw problemErrorOf(error, response);
  return data as T;
}

/** How often it is sent at most, by what came of it: no answer, or that the one before is still at work. */
const tries = new Map<ProblemError['code'], number>([
  ['offline', 3],
  ['request-running', 30],
]);
const BETWEEN_TRIES_MS = 1_000;

interface OnceHeader {
  readonly 'Idempotency-Key': string;
}

/** For what begins or makes something: where no answer came, it is sent again under the same key, so that it is done once. */
export function askOnce<T>(request: (header: OnceHeader) => Promise<Answer<T>>): Promise<T> {
  const header = { 'Idempotency-Key': randomKey() };
  const attempt = async (count: number): Promise<T> => {
    try {
      return await ask(() => request(header));
    } catch (error) {
      if (!(error instanceof ProblemError) || count >= (tries.get(error.code) ?? 1)) throw error;
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_TRIES_MS));
      return attempt(count + 1);
    }
  };
  return attempt(1);
}

/** Not crypto.randomUUID, which browsers only have on HTTPS. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
