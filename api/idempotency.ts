import type { Request } from 'express';
import { answerPlace, claimIdempotencyKey, endIdempotencyKey, type IdempotencyRow, releaseIdempotencyKey } from '#db/idempotency.ts';
import { TidemarkError } from '#domain/errors.ts';
import { InvalidRequestError } from './problems.ts';
import type { ApiDeps, SignedIn } from './route.ts';

/** No request takes so long: whoever had it is gone. */
const LONGEST_REQUEST_MS = 120_000;

export interface Answer {
  readonly status: number;
  /** undefined: without a body. */
  readonly body?: unknown;
}

/** What a request has come to that failed. */
export type Failed = 'not-begun' | 'refused' | 'unknown';

/**
 * Does the work once, however often the request comes under the same `Idempotency-Key`
 * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/): later ones get the first one's answer, for a day.
 * A request that was refused, or failed before anything was begun, may come again. Errors: `idempotency-key-reused`,
 * `request-running`, `outcome-unknown`.
 */
export async function answerOnce(
  { db, sealer }: ApiDeps,
  request: Request,
  user: SignedIn,
  work: () => Promise<Answer>,
  judge: (error: unknown) => Failed,
): Promise<Answer> {
  const key = readKey(request);
  if (key === undefined) return work();
  // it may hold a password
  const request_hash = sealer.fingerprint(wordsOf(request));
  const earlier = await claimIdempotencyKey(db, { user_id: user.id, key, request_hash });
  if (earlier !== undefined) {
    refuseOther(earlier, request_hash);
    return JSON.parse(sealer.open(answerOf(earlier), answerPlace(user.id, key)).toString()) as Answer;
  }
  try {
    const answer = await work();
    await endIdempotencyKey(db, user.id, key, sealer.seal(JSON.stringify(answer), answerPlace(user.id, key)));
    return answer;
  } catch (error) {
    const settle = judge(error) === 'unknown' ? endIdempotencyKey(db, user.id, key, null) : releaseIdempotencyKey(db, user.id, key);
    // what went wrong first is what is told; a key that stays as it was tells the same in two minutes
    await settle.catch(() => undefined);
    throw error;
  }
}

function readKey({ headers }: Request): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new InvalidRequestError([
    { in: 'header', path: 'Idempotency-Key', message: 'must be 1 to 200 visible ASCII characters, such as a UUID' },
  ]);
}

function wordsOf({ method, originalUrl, body }: Request): string {
  return JSON.stringify([method, originalUrl, body ?? null]);
}

function refuseOther({ key, request_hash }: IdempotencyRow, hash: Buffer): void {
  if (request_hash.equals(hash)) return;
  throw new TidemarkError('idempotency-key-reused', `another request was sent with the Idempotency-Key ${key}`);
}

function answerOf({ key, created_at, ended_at, answer_sealed }: IdempotencyRow): Buffer {
  if (answer_sealed !== null) return answer_sealed;
  if (ended_at === null && Date.now() - created_at.getTime() < LONGEST_REQUEST_MS)
    throw new TidemarkError('request-running', `the request with the Idempotency-Key ${key} has not been answered yet`);
  throw new TidemarkError(
    'outcome-unknown',
    `the request with the Idempotency-Key ${key} began at ${created_at.toISOString()}, and it is not known how it ended`,
  );
}
