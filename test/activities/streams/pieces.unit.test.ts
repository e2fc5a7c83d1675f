import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { inBlocks } from '#activities/streams/pieces.ts';

const BLOCK = 10_000;

function inChunks(content: Buffer, chunkBytes: number): Readable {
  const chunks = function* (): Generator<Buffer> {
    for (let at = 0; at < content.length; at += chunkBytes) yield content.subarray(at, at + chunkBytes);
  };
  return Readable.from(chunks(), { objectMode: false });
}

async function lengthsOf(blocks: AsyncIterable<Buffer>, into: Buffer[] = []): Promise<number[]> {
  for await (const block of blocks) into.push(block);
  return into.map((block) => block.length);
}

it.each([
  { size: 0, chunk: 1, lengths: [] },
  { size: 3, chunk: 1, lengths: [3] },
  { size: BLOCK, chunk: 999, lengths: [BLOCK] },
  { size: BLOCK * 2 + 1, chunk: 4096, lengths: [BLOCK, BLOCK, 1] },
  { size: BLOCK * 8 + 77, chunk: BLOCK * 8 + 77, lengths: [...Array.from({ length: 8 }, () => BLOCK), 77] },
])('gives $size bytes that come in chunks of $chunk in blocks', async ({ size, chunk, lengths }) => {
  const content = randomBytes(size);
  const blocks: Buffer[] = [];
  expect(await lengthsOf(inBlocks(inChunks(content, chunk), BLOCK), blocks)).toEqual(lengths);
  expect(Buffer.concat(blocks).equals(content)).toBe(true);
});

it('reads no more than a few blocks before they are asked for', async () => {
  let given = 0;
  const source = new Readable({
    read() {
      given += 1;
      this.push(given < 500 ? Buffer.alloc(1000) : null);
    },
    highWaterMark: 1000,
  });
  const blocks = inBlocks(source, BLOCK);
  await blocks.next();
  for (let turn = 0; turn < 1000; turn++) await new Promise(setImmediate);
  expect(given).toBeGreaterThan(10);
  expect(given).toBeLessThan(70);
  await blocks.return(undefined);
  expect(source.destroyed).toBe(true);
});

it('gives the full blocks, then fails as the stream did, or when it closed before its end', async () => {
  const broken = new Readable({ read: () => undefined });
  broken.push(Buffer.alloc(BLOCK * 2 + 5));
  setTimeout(() => broken.destroy(new Error('the line is cut')), 20);
  const blocks: Buffer[] = [];
  await expect(lengthsOf(inBlocks(broken, BLOCK), blocks)).rejects.toThrow('the line is cut');
  expect(blocks).toHaveLength(2);
  const closed = new Readable({ read: () => undefined });
  setTimeout(() => closed.destroy(), 20);
  await expect(lengthsOf(inBlocks(closed, BLOCK))).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
});
