import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '#activities/stores/port.ts';
import { openStore } from '#activities/stores/s3.ts';
import { readJson, writeJson } from '#activities/streams/sealed-json.ts';
import { findBrokenObjects, readObjects, type SealedObject, writeObject, writeVolumes } from '#activities/streams/sealed.ts';
import { keysOf } from '#test/contracts/store.ts';
import { startBusyStore } from '#test/contracts/busy-store.ts';
import { startTcpProxy } from '#test/contracts/tcp-proxy.ts';
import { loopbackGuard, startVersitygw, type Versitygw } from '#test/versitygw.ts';

const MIB = 1024 * 1024;
let server: Versitygw;
let store: Store;

beforeAll(async () => {
  server = await startVersitygw();
  await server.createBucket('sealed');
  store = openStore(server.address('sealed'), { guard: loopbackGuard });
}, 60_000);
afterAll(async () => {
  store.close();
  await server.stop();
});

async function* pieces(content: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += 100_003) yield content.subarray(at, at + 100_003);
}

async function all(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Puts other bytes in an object's place. */
async function change(key: string, how: (body: Buffer) => Buffer): Promise<void> {
  await store.put(key, how(await store.get(key, 64 * MIB)));
}

describe.each([
  ['encrypted', randomBytes(32)],
  ['plain', undefined],
])('%s volumes', (title, key) => {
  const vault = () => ({ store, key });
  const write = (name: string, content: Buffer): Promise<SealedObject[]> =>
    writeVolumes(vault(), `${title}/${name}/data`, pieces(content), { volumeBytes: 2 * MIB });

  it('give back the stream, cut where it may be, with their sizes told', async () => {
    for (const size of [0, 1, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1, 40 * MIB]) {
      const content = randomBytes(size);
      const volumes = await write(`size-${size}`, content);
      expect(volumes.length).toBe(Math.max(1, Math.ceil(size / (2 * MIB))));
      expect(await findBrokenObjects(store, volumes)).toEqual([]);
      expect((await all(readObjects(vault(), volumes))).equals(content)).toBe(true);
    }
  });

  it('do not show their content when they are encrypted', async () => {
    const [volume] = await write('canary', Buffer.from('canary-in-the-clear'));
    expect((await store.get(volume?.key ?? '')).includes('canary')).toBe(key === undefined);
  });

  it('fail with their source, and leave no unfinished upload', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield randomBytes(5 * MIB);
      throw new Error('the producer died');
    }
    await expect(writeVolumes(vault(), `${title}/broken/data`, broken(), { volumeBytes: 64 * MIB })).rejects.toThrow('the producer died');
    expect(await keysOf(store, `${title}/broken/`)).toEqual([]);
  });

  it.each([
    [
      'one byte is another one',
      (body: Buffer) => Buffer.concat([body.subarray(0, 1000), Buffer.from([(body[1000] ?? 0) ^ 1]), body.subarray(1001)]),
    ],
    ['the end is cut off', (body: Buffer) => body.subarray(0, -1)],
    ['something is added', (body: Buffer) => Buffer.concat([body, Buffer.from('x')])],
    ['nothing is left', () => Buffer.alloc(0)],
  ])('are refused when %s', async (what, how) => {
    const volumes = await write(`changed-${what}`, randomBytes(5 * MIB));
    await change(volumes[1]?.key ?? '', how);
    await expect(all(readObjects(vault(), volumes))).rejects.toMatchObject({ code: 'object-tampered' });
  });

  it('are refused when two are swapped, when one is replaced by that of an older backup, and when one is missing', async () => {
    const [volumes, older] = [await write('new', randomBytes(5 * MIB)), await write('old', randomBytes(5 * MIB))];
    const body = async (of: SealedObject[], index: number): Promise<Buffer> => store.get(of[index]?.key ?? '', 64 * MIB);
    const [first, second] = [await body(volumes, 0), await body(volumes, 1)];
    await store.put(volumes[0]?.key ?? '', second);
    await store.put(volumes[1]?.key ?? '', first);
    await expect(all(readObjects(vault(), volumes))).rejects.toMatchObject({ code: 'object-tampered' });
    await store.put(volumes[0]?.key ?? '', await body(older, 0));
    await expect(all(readObjects(vault(), volumes))).rejects.toMatchObject({ code: 'object-tampered' });
    await store.put(volumes[0]?.key ?? '', first);
    await store.delete(volumes[1]?.key ?? '');
    expect(await findBrokenObjects(store, volumes)).toEqual([`${volumes[1]?.key} is missing`]);
    await expect(all(readObjects(vault(), volumes))).rejects.toMatchObject({ code: 'object-missing' });
  });
});

describe('a small document', () => {
  const vault = () => ({ store, key: Buffer.alloc(32, 7) });

  it('is legible, reads back, and is refused when it was changed or moved', async () => {
    await writeJson(vault(), 'json/a', { name: 'ü', list: [1, null, { deep: true }] });
    expect((await store.get('json/a')).toString()).toContain('"deep": true');
    expect(await readJson(vault(), 'json/a')).toEqual({ name: 'ü', list: [1, null, { deep: true }] });
    await store.put('json/b', await store.get('json/a'));
    await expect(readJson(vault(), 'json/b')).rejects.toMatchObject({ code: 'object-tampered' });
    await change('json/a', (body) => Buffer.from(body.toString().replace('true', 'false')));
    await expect(readJson(vault(), 'json/a')).rejects.toMatchObject({ code: 'object-tampered' });
    await store.put('json/a', Buffer.from('{"name":"ü"}'));
    await expect(readJson(vault(), 'json/a')).rejects.toMatchObject({ code: 'object-tampered' });
    await store.put('json/a', Buffer.from('not json'));
    await expect(readJson(vault(), 'json/a')).rejects.toMatchObject({ code: 'object-tampered' });
  });
});

describe('an upload through a bad network', () => {
  it('is sent again when the connection is cut in the middle of a part, or fails and leaves nothing that counts', async () => {
    const proxy = await startTcpProxy('127.0.0.1', server.port);
    const shaky = openStore(server.address('sealed', { endpoint: `127.0.0.1:${proxy.port}` }), { guard: loopbackGuard });
    const content = randomBytes(40 * MIB);
    async function* cutting(): AsyncGenerator<Buffer> {
      for (let at = 0; at < content.length; at += MIB) {
        yield content.subarray(at, at + MIB);
        if (at === 20 * MIB) proxy.cut();
      }
    }
    const object = await writeObject({ store: shaky, key: undefined }, 'shaky/cut', cutting());
    expect((await all(readObjects({ store, key: undefined }, [object]))).equals(content)).toBe(true);
    proxy.close();
    const refused = writeObject({ store: shaky, key: undefined }, 'shaky/gone', pieces(content));
    await expect(refused).rejects.toMatchObject({ code: 'store-unreachable' });
    expect(await keysOf(store, 'shaky/')).toEqual(['shaky/cut']);
    shaky.close();
  });

  it('is sent again when the store says that it is busy, or fails and leaves nothing that counts', async () => {
    const busy = await startBusyStore(server);
    const slow = openStore(server.address('sealed', { endpoint: `127.0.0.1:${busy.port}` }), { guard: loopbackGuard });
    const content = randomBytes(20 * MIB);
    busy.refuseParts(1);
    const object = await writeObject({ store: slow, key: undefined }, 'busy/once', pieces(content));
    expect((await all(readObjects({ store, key: undefined }, [object]))).equals(content)).toBe(true);
    busy.refuseParts(1_000);
    await expect(writeObject({ store: slow, key: undefined }, 'busy/always', pieces(content))).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringContaining('SlowDown') as string,
    });
    expect(await keysOf(store, 'busy/')).toEqual(['busy/once']);
    slow.close();
    busy.close();
  });

  it('fails when the store goes silent, in the time of a silence', async () => {
    const proxy = await startTcpProxy('127.0.0.1', server.port);
    const timeouts = { silenceMs: 1_500, answerMs: 60_000 };
    const frozen = openStore(server.address('sealed', { endpoint: `127.0.0.1:${proxy.port}` }), { guard: loopbackGuard, timeouts });
    async function* freezing(): AsyncGenerator<Buffer> {
      for (let sent = 0; sent < 64; sent++) {
        yield randomBytes(MIB);
        if (sent === 30) proxy.freeze();
      }
    }
    await expect(writeObject({ store: frozen, key: undefined }, 'silent/object', freezing())).rejects.toMatchObject({
      code: 'store-unreachable',
    });
    expect(await keysOf(store, 'silent/')).toEqual([]);
    frozen.close();
    proxy.close();
  }, 60_000);
});
