import { createHash, randomBytes } from 'node:crypto';
import type { Store } from '#activities/stores/port.ts';
import { TidemarkError } from '#domain/errors.ts';
import { aheadOf, createCursor } from './pieces.ts';
import { decrypt, encrypt } from './tink.ts';

/** Where a stream is laid down: a store, and the key when the generation is encrypted. */
export interface Vault {
  readonly store: Store;
  /** 32 bytes. */
  readonly key: Buffer | undefined;
}

/** One object, as it lies in the store; docs/format.md. */
export interface SealedObject {
  readonly key: string;
  /** In the store, after encryption. */
  readonly sizeBytes: number;
  /** Of a plain object, hexadecimal; an encrypted one is proven by the tags of its segments, byte for byte. */
  readonly sha256: string | null;
}

export interface SealOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of every piece that passed. */
  readonly onBytes?: (count: number) => void;
}

const VOLUME_BYTES = 1024 ** 3;
/** What waits longer is old to V8's collector, which then stops the stream for every 64 MiB of it. */
const READ_AHEAD_BYTES = 1024 * 1024;

/**
 * Lays an endless stream down as volumes of 1 GiB, `<prefix>.<random>.00000` and on; the random part keeps two attempts from
 * writing over each other. While the store puts one together the next one is already sent. A source that fails fails the call; the
 * volumes that stand by then are for whoever called to remove.
 */
export async function writeVolumes(
  vault: Vault,
  prefix: string,
  source: AsyncIterable<Buffer>,
  options: SealOptions & { readonly volumeBytes?: number } = {},
): Promise<SealedObject[]> {
  const attempt = randomBytes(4).toString('hex');
  const cursor = createCursor(source);
  const volumes: Promise<SealedObject>[] = [];
  try {
    do {
      const key = `${prefix}.${attempt}.${String(volumes.length).padStart(5, '0')}`;
      const { promise: isSent, resolve: sent } = Promise.withResolvers<void>();
      const volume = writeObject(vault, key, endTold(cursor.take(options.volumeBytes ?? VOLUME_BYTES), sent), options);
      volumes.push(volume);
      await Promise.race([isSent, volume]);
      await volumes.at(-2);
    } while (!(await cursor.isOver()));
    return await Promise.all(volumes);
  } finally {
    await Promise.allSettled([cursor.close(), ...volumes]);
  }
}

async function* endTold(source: AsyncIterable<Buffer>, onEnd: () => void): AsyncGenerator<Buffer> {
  yield* source;
  onEnd();
}

/** Lays a stream down as one object, encrypted when the vault has a key. */
export async function writeObject(
  vault: Vault,
  key: string,
  source: AsyncIterable<Buffer>,
  options: SealOptions = {},
): Promise<SealedObject> {
  const hash = vault.key === undefined ? createHash('sha256') : undefined;
  const told = tell(source, (count, chunk) => {
    hash?.update(chunk);
    options.onBytes?.(count);
  });
  const sealed = vault.key === undefined ? told : encrypt(told, vault.key, associatedDataOf(key));
  const { sizeBytes } = await vault.store.upload(key, sealed, { signal: options.signal });
  return { key, sizeBytes, sha256: hash?.digest('hex') ?? null };
}

/**
 * The stream that was laid down, objects in order, read ahead by 1 MiB. It fails with `object-missing`, or `object-tampered` when
 * an object is not the one that was written. With a key no changed byte is ever given out; without one the stream fails at the object's end.
 */
export function readObjects(vault: Vault, objects: readonly SealedObject[], options: SealOptions = {}): AsyncGenerator<Buffer> {
  return aheadOf(readInOrder(vault, objects, options), READ_AHEAD_BYTES);
}

async function* readInOrder(vault: Vault, objects: readonly SealedObject[], options: SealOptions): AsyncGenerator<Buffer> {
  for (const object of objects) {
    const hash = vault.key === undefined ? createHash('sha256') : undefined;
    let sizeBytes = 0;
    const stored = tell(await vault.store.download(object.key, { signal: options.signal }), (count, chunk) => {
      sizeBytes += count;
      hash?.update(chunk);
      options.onBytes?.(count);
    });
    yield* vault.key === undefined ? stored : decrypt(stored, vault.key, associatedDataOf(object.key), object.key);
    if (sizeBytes !== object.sizeBytes || (hash?.digest('hex') ?? null) !== object.sha256) {
      throw new TidemarkError('object-tampered', `${object.key} is not what was written: its size or checksum is another one`);
    }
  }
}

/** What is wrong with the objects by their sizes alone, in words; none when all are there. */
export async function findBrokenObjects(store: Store, objects: readonly SealedObject[]): Promise<string[]> {
  const found = await Promise.all(objects.map(async (object) => ({ object, head: await store.head(object.key) })));
  return found.flatMap(({ object, head }) => {
    if (head === undefined) return [`${object.key} is missing`];
    return head.sizeBytes === object.sizeBytes ? [] : [`${object.key} has ${head.sizeBytes} bytes instead of ${object.sizeBytes}`];
  });
}

/** Names the format and the place, so that no object can stand in for another. */
function associatedDataOf(key: string): string {
  return `tidemark/1/${key}`;
}

async function* tell(source: AsyncIterable<Buffer>, onChunk: (count: number, chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    onChunk(chunk.length, chunk);
    yield chunk;
  }
}
