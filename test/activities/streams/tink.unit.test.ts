import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decrypt, encrypt } from '#activities/streams/tink.ts';

const key = randomBytes(32);
const MIB = 1024 * 1024;
/** Plaintext of the first segment, and of each that follows. */
const [FIRST, NEXT] = [MIB - 40 - 16, MIB - 16];
const sizes = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + NEXT - 1, FIRST + NEXT, FIRST + NEXT + 1, 3 * MIB];

async function* pieces(content: Buffer, size = 65_521): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

async function all(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const seal = (content: Buffer, name = 'a/key'): Promise<Buffer> => all(encrypt(pieces(content), key, name));
const open = (sealed: Buffer, name = 'a/key', under = key): Promise<Buffer> => all(decrypt(pieces(sealed), under, name, 'the object'));

describe('the encrypted stream', () => {
  it.each(sizes)('gives back %i bytes, in whatever pieces they came', async (size) => {
    const content = randomBytes(size);
    const sealed = await seal(content);
    expect((await open(sealed)).equals(content)).toBe(true);
    expect((await all(decrypt(pieces(sealed, 3 * MIB + 1), key, 'a/key', 'x'))).equals(content)).toBe(true);
  });

  it('is refused with another key, under another name, and cut anywhere', async () => {
    const sealed = await seal(randomBytes(FIRST + NEXT + 100));
    await expect(open(sealed, 'a/key', randomBytes(32))).rejects.toMatchObject({ code: 'object-tampered' });
    await expect(open(sealed, 'another/key')).rejects.toMatchObject({ code: 'object-tampered' });
    for (const length of [0, 1, 39, 40, 55, 56, 1000, MIB - 1, MIB, MIB + 1, 2 * MIB, sealed.length - 17, sealed.length - 1]) {
      await expect(open(sealed.subarray(0, length))).rejects.toMatchObject({ code: 'object-tampered' });
    }
  });

  it('is refused when one byte of it is another one, wherever that is', async () => {
    const sealed = await seal(randomBytes(300));
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(open(changed)).rejects.toMatchObject({ code: 'object-tampered' });
    }
  });

  it('is refused when segments are swapped, repeated, left out or added', async () => {
    const sealed = await seal(randomBytes(3 * MIB));
    const segment = (number: number): Buffer => sealed.subarray(number * MIB, (number + 1) * MIB);
    const orders = [
      [0, 2, 1, 3],
      [0, 1, 1, 2, 3],
      [0, 2, 3],
      [0, 1, 2, 3, 3],
      [0, 1, 2],
      [1, 0, 2, 3],
    ];
    expect((await open(Buffer.concat([0, 1, 2, 3].map(segment)))).length).toBe(3 * MIB);
    for (const order of orders) await expect(open(Buffer.concat(order.map(segment)))).rejects.toMatchObject({ code: 'object-tampered' });
  });

  it('gives out nothing of a segment that was changed', async () => {
    const content = randomBytes(2 * MIB);
    const sealed = await seal(content);
    sealed[MIB + 5] = (sealed[MIB + 5] ?? 0) ^ 1;
    const given: Buffer[] = [];
    await expect(
      (async () => {
        for await (const chunk of decrypt(pieces(sealed), key, 'a/key', 'x')) given.push(chunk);
      })(),
    ).rejects.toMatchObject({ code: 'object-tampered' });
    expect(Buffer.concat(given).equals(content.subarray(0, FIRST))).toBe(true);
  });

  it('fails when its source does, and does not end', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield randomBytes(10);
      throw new Error('the producer died');
    }
    await expect(all(encrypt(broken(), key, 'a/key'))).rejects.toThrow('the producer died');
  });
});
