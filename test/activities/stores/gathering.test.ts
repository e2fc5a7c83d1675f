import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gatherReads } from '#activities/stores/gathering.ts';
import { startVersitygw, type Versitygw } from '#test/versitygw.ts';

const BLOCK_BYTES = 64 * 1024;
const MIB = 1024 * 1024;

let authority: Versitygw;
let server: Server;

beforeAll(async () => {
  authority = await startVersitygw();
  const { certPem, keyPem } = authority.certificates;
  server = createServer({ cert: certPem, key: keyPem });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}, 60_000);

afterAll(async () => {
  server.close();
  await authority.stop();
});

/** Both ends of a connection whose client gathers. */
async function connected(): Promise<{ client: TLSSocket; far: TLSSocket }> {
  const accepted = once(server, 'secureConnection');
  const { port } = server.address() as AddressInfo;
  const client = gatherReads(connect({ host: '127.0.0.1', port, ca: authority.certificates.caPem }));
  const [far] = (await accepted) as [TLSSocket];
  far.on('error', () => undefined);
  return { client, far };
}

/** A record for each write; resolved when all of it was taken. */
async function writeRecords(far: TLSSocket, content: Buffer, recordBytes: number): Promise<void> {
  for (let at = 0; at < content.length; at += recordBytes) {
    if (!far.write(content.subarray(at, at + recordBytes))) await once(far, 'drain');
  }
}

it.each([1, 999, 4096, 16_384])('gives what came in records of %i bytes in far fewer blocks, byte for byte', async (recordBytes) => {
  const content = randomBytes(Math.min(3 * MIB + 77, recordBytes * 2000));
  const { client, far } = await connected();
  const writing = writeRecords(far, content, recordBytes).then(() => far.end());
  const blocks: Buffer[] = [];
  client.on('data', (block: Buffer) => blocks.push(block));
  await Promise.all([once(client, 'end'), writing]);
  expect(Buffer.concat(blocks).equals(content)).toBe(true);
  expect(Math.max(...blocks.map(({ length }) => length))).toBeLessThanOrEqual(BLOCK_BYTES);
  expect(blocks.length).toBeLessThan(content.length / recordBytes / 2);
  client.destroy();
});

it('gives a single byte at once, without waiting for a block', async () => {
  const { client, far } = await connected();
  far.write('x');
  const [block] = (await once(client, 'data', { signal: AbortSignal.timeout(2_000) })) as [Buffer];
  expect(block.toString()).toBe('x');
  client.destroy();
});

it('holds little while nobody takes it, and goes on when it is taken again', async () => {
  const content = randomBytes(32 * MIB);
  const { client, far } = await connected();
  const writing = writeRecords(far, content, 4096).then(() => far.end());
  client.once('readable', () => undefined);
  await sleep(500);
  expect(client.readableLength).toBeGreaterThan(0);
  // one turn of the event loop may bring in what the kernel holds
  expect(client.readableLength).toBeLessThan(3 * MIB);
  const taken: Buffer[] = [];
  for await (const block of client) {
    taken.push(block as Buffer);
    if (taken.length % 20 === 0) await sleep(5);
  }
  expect(Buffer.concat(taken).equals(content)).toBe(true);
  await writing;
});

it('gives nothing more once it is destroyed', async () => {
  const { client, far } = await connected();
  const blocks: Buffer[] = [];
  client.on('data', (block: Buffer) => blocks.push(block));
  client.push(Buffer.from('gathered'));
  client.destroy();
  await once(client, 'close');
  await new Promise(setImmediate);
  expect(blocks).toEqual([]);
  far.destroy();
});
