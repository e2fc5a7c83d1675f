import { mkdtemp, rm, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMasterKey } from '#db/master-key.ts';
import { createSealer } from '#db/seal.ts';

const key = Buffer.alloc(32, 7);
const sealer = createSealer(key);
const place = { table: 'policies', row: 'a', column: 'secret_key_sealed' };

describe('a sealed value', () => {
  it('opens at its place, and is sealed differently each time', () => {
    const [first, second] = [sealer.seal('hush', place), sealer.seal('hush', place)];
    expect(sealer.open(first, place).toString()).toBe('hush');
    expect(first.equals(second)).toBe(false);
    expect(first.includes('hush')).toBe(false);
  });

  it.each([
    ['table', { ...place, table: 'databases' }],
    ['row', { ...place, row: 'b' }],
    ['column', { ...place, column: 'policy_key_sealed' }],
  ])('does not open with another %s', (_, elsewhere) => {
    const sealed = sealer.seal('hush', place);
    expect(() => sealer.open(sealed, elsewhere)).toThrow(expect.objectContaining({ code: 'sealed-value-broken' }));
  });

  it('does not open when any single byte is flipped or cut off', () => {
    const sealed = sealer.seal('hush', place);
    for (let index = 0; index < sealed.length; index++) {
      const flipped = Buffer.from(sealed);
      flipped.writeUInt8(flipped.readUInt8(index) ^ 1, index);
      expect(() => sealer.open(flipped, place), `byte ${index}`).toThrow(expect.objectContaining({ code: 'sealed-value-broken' }));
      expect(() => sealer.open(sealed.subarray(0, index), place), `cut at ${index}`).toThrow(
        expect.objectContaining({ code: 'sealed-value-broken' }),
      );
    }
  });

  it('does not open with another key, and says so', () => {
    const other = createSealer(Buffer.alloc(32, 8));
    expect(() => other.open(sealer.seal('hush', place), place)).toThrow(/another master key/);
  });
});

describe('the master key file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-key-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const write = async (text: string, mode = 0o600): Promise<string> => {
    const path = join(folder, 'master-key');
    await writeFile(path, text);
    await chmod(path, mode);
    return path;
  };

  it('is read as base64', async () => {
    expect(await readMasterKey(await write(`${key.toString('base64')}\n`))).toEqual(key);
  });

  it('is refused when it is too short, when others may read it, and when it is missing', async () => {
    await expect(readMasterKey(await write(key.subarray(1).toString('base64')))).rejects.toThrow(/31 bytes/);
    await expect(readMasterKey(await write(key.toString('base64'), 0o640))).rejects.toThrow(/mode 640/);
    await expect(readMasterKey(join(folder, 'none'))).rejects.toThrow(/ENOENT/);
  });
});
