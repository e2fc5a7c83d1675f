import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { expect } from 'vitest';
import type { StoreTimeouts } from '#activities/stores/client.ts';
import type { StoreAddress } from '#activities/stores/port.ts';
import { openStore } from '#activities/stores/s3.ts';
import { TidemarkError } from '#domain/errors.ts';
import { keysOf } from '#test/contracts/store.ts';
import { loopbackGuard, type Versitygw } from '#test/versitygw.ts';

export interface Over extends Partial<StoreAddress> {
  readonly guard?: typeof loopbackGuard;
  readonly timeouts?: Partial<StoreTimeouts>;
}

export type Act = 'list' | 'get' | 'head' | 'put' | 'upload' | 'delete';

/** The failure of one call on the bucket "there"; it never holds a secret. */
export async function failureOf(
  server: Versitygw,
  act: Act,
  { guard = loopbackGuard, timeouts = {}, ...over }: Over,
): Promise<TidemarkError> {
  const error = await tryIt(server, act, { guard, timeouts, ...over });
  if (!(error instanceof TidemarkError)) throw new Error(`not a TidemarkError: ${inspect(error)}`);
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('secret-canary');
  expect(error.cause).toBeUndefined();
  return error;
}

export async function tryIt(server: Versitygw, act: Act, { guard = loopbackGuard, timeouts = {}, ...over }: Over): Promise<unknown> {
  try {
    const store = openStore(server.address('there', over), { guard, timeouts });
    const acts: Record<Act, () => Promise<unknown>> = {
      list: () => keysOf(store, ''),
      get: () => store.get('key'),
      head: () => store.head('key'),
      put: () => store.put('key', Buffer.from('x')),
      upload: () => store.upload('key', Readable.from([Buffer.from('x')])),
      delete: () => store.delete('key'),
    };
    return await acts[act]().finally(() => store.close());
  } catch (error) {
    return error;
  }
}
