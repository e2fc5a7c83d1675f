import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quote } from '#activities/hosts/script.ts';
import { decrypt, encrypt } from '#activities/streams/tink.ts';
import { runCommand } from '#standalone/commands.ts';
import { ensureTink, type Tink } from '../../tink.ts';

const key = randomBytes(32);
const name = 'tidemark/1/some/object';
const MIB = 1024 * 1024;
const [FIRST, NEXT] = [MIB - 40 - 16, MIB - 16];
const sizes = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + NEXT - 1, FIRST + NEXT, FIRST + NEXT + 1, 50 * MIB];

let folder: string;
let plain: Buffer[];
const path = (kind: string, index: number): string => join(folder, `${kind}-${index}`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-tink-'));
  plain = sizes.map((size) => randomBytes(size));
  for (const [index, content] of plain.entries()) {
    await writeFile(path('plain', index), content);
    await pipeline(encrypt(createReadStream(path('plain', index)), key, name), async (sealed) => writeFile(path('ours', index), sealed));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('the published program opens an object with nothing but the key', async () => {
  const [command = '', ...args] = (await ensureTink('python')).interpreter;
  const program = new URL('../../../docs/decrypt.py', import.meta.url).pathname;
  const words = [command, ...args, program, key.toString('hex'), 'some/object'].map(quote).join(' ');
  for (const [index, content] of plain.entries()) {
    await runCommand('sh', ['-euc', `${words} < ${path('ours', index)} > ${path('published', index)}`]);
    expect((await readFile(path('published', index))).equals(content)).toBe(true);
  }
  await expect(runCommand('sh', ['-euc', `${words}x < ${path('ours', 1)} > ${path('refused', 1)}`])).rejects.toThrow();
});

describe.each(['python', 'java'] as const)("Google's Tink for %s", (language) => {
  let tink: Tink;
  beforeAll(async () => {
    tink = await ensureTink(language);
  });

  it('reads what we write, at every boundary of a segment', async () => {
    await tink.run(
      key,
      name,
      sizes.map((_, index) => ({ mode: 'decrypt', from: path('ours', index), to: path(`${language}-read`, index) })),
    );
    for (const [index, content] of plain.entries()) expect((await readFile(path(`${language}-read`, index))).equals(content)).toBe(true);
  });

  it('writes what we read, at every boundary of a segment', async () => {
    await tink.run(
      key,
      name,
      sizes.map((_, index) => ({ mode: 'encrypt', from: path('plain', index), to: path(`${language}-wrote`, index) })),
    );
    for (const [index, content] of plain.entries()) {
      const opened: Buffer[] = [];
      for await (const chunk of decrypt(createReadStream(path(`${language}-wrote`, index)), key, name, 'x')) opened.push(chunk);
      expect(Buffer.concat(opened).equals(content)).toBe(true);
    }
  });

  it('refuses what we wrote for another name', async () => {
    const read = tink.run(key, 'tidemark/1/another', [{ mode: 'decrypt', from: path('ours', 2), to: path(`${language}-refused`, 2) }]);
    await expect(read).rejects.toThrow();
  });
});
