import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store, StoredObject } from '#activities/stores/port.ts';

/**
 * What every store must do. `open` gives a store whose bucket exists and whose keys hold every right;
 * the suite works below a key prefix of its own and removes what it wrote.
 */
export function describeStore(title: string, open: () => Promise<Store> | Store): void {
  describe(title, () => {
    const folder = `contract-${randomUUID()}`;
    let store: Store;

    beforeAll(async () => {
      store = await open();
    });

    afterAll(async () => {
      await inParallel(await keysOf(store, `${folder}/`), (key) => store.delete(key));
      expect(await keysOf(store, `${folder}/`)).toEqual([]);
      store.close();
    });

    it('gives back the very bytes that were put, with their size and time', async () => {
      for (const sizeBytes of [0, 1, 70_000]) {
        const key = `${folder}/round-trip/${sizeBytes}`;
        const body = randomBytes(sizeBytes);
        await store.put(key, body);
        expect((await store.get(key)).equals(body)).toBe(true);
        const head = await store.head(key);
        expect(head).toMatchObject({ key, sizeBytes });
        expect(Math.abs(Date.now() - Number(head?.modifiedAt))).toBeLessThan(300_000);
      }
    });

    it('puts over what is there', async () => {
      const key = `${folder}/twice`;
      await store.put(key, Buffer.from('first'));
      await store.put(key, Buffer.from('second, and longer'));
      expect((await store.get(key)).toString()).toBe('second, and longer');
    });

    it('keeps keys with blanks, signs and letters of all scripts', async () => {
      const key = `${folder}/signs/a b+c=d&e%20f'(g)~ü–日.json`;
      await store.put(key, Buffer.from('x'));
      expect(await keysOf(store, `${folder}/signs/`)).toEqual([key]);
      expect((await store.get(key)).toString()).toBe('x');
    });

    it('finds no object where there is none', async () => {
      expect(await store.head(`${folder}/nothing`)).toBeUndefined();
      await expect(store.get(`${folder}/nothing`)).rejects.toMatchObject({ code: 'object-missing' });
    });

    it('deletes, also what is not there', async () => {
      const key = `${folder}/deleted`;
      await store.put(key, Buffer.from('x'));
      await store.delete(key);
      expect(await store.head(key)).toBeUndefined();
      await store.delete(key);
    });

    it('refuses to get more than was asked for', async () => {
      const key = `${folder}/large`;
      await store.put(key, Buffer.alloc(1_000));
      await expect(store.get(key, 999)).rejects.toMatchObject({ code: 'store-failed' });
      expect(await store.get(key, 1_000)).toHaveLength(1_000);
    });

    it('lists nothing below a prefix that nobody used', async () => {
      expect(await keysOf(store, `${folder}/unused/`)).toEqual([]);
    });

    it('lists more than one page, in the order of the keys, with sizes', { timeout: 120_000 }, async () => {
      const keys = Array.from({ length: 1_001 }, (_, index) => `${folder}/many/${String(index).padStart(4, '0')}`);
      await inParallel(keys, (key) => store.put(key, Buffer.from('x')));
      await store.put(`${folder}/many-more`, Buffer.from('x'));
      const found: StoredObject[] = [];
      for await (const object of store.list(`${folder}/many/`)) found.push(object);
      expect(found.map(({ key }) => key)).toEqual(keys);
      expect(found.every(({ sizeBytes }) => sizeBytes === 1)).toBe(true);
    });
  });
}

export async function keysOf(store: Store, keyPrefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(keyPrefix)) keys.push(key);
  return keys;
}

async function inParallel(keys: readonly string[], act: (key: string) => Promise<void>): Promise<void> {
  const rest = keys.values();
  const work = async () => {
    for (const key of rest) await act(key);
  };
  await Promise.all(Array.from({ length: 16 }, work));
}
