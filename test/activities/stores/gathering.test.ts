import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createStoreClient } from '#activities/stores/client.ts';
import { gatherReads } from '#activities/stores/gathering.ts';
import { loopbackGuard, startVersitygw, type Versitygw } from '#test/versitygw.ts';
import { startHostileServer } from './hostile-server.ts';

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

it.each([512, 1024, 4096, 16_384])('gives what came in records of %i bytes in far fewer blocks, byte for byte', async (recordBytes) => {
  const content = randomBytes(2 * MIB + 77);
  const { client, far } = await connected();
  far.setMaxSendFragment(recordBytes);
  far.end(content);
  const blocks: Buffer[] = [];
  client.on('data', (block: Buffer) => blocks.push(block));
  await once(client, 'end');
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
  far.setMaxSendFragment(4096);
  far.end(content);
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
});

it('gives what had come before the connection broke, and nothing more once it is destroyed', async () => {
  for (const [error, given] of [
    [new Error('cut'), ['gathered']],
    [undefined, []],
  ] as const) {
    const { client, far } = await connected();
    const blocks: string[] = [];
    client.on('data', (block: Buffer) => blocks.push(block.toString())).on('error', () => undefined);
    client.push(Buffer.from('gathered'));
    const closed = new Promise((resolve) => client.on('close', resolve));
    client.destroy(error);
    await closed;
    await new Promise(setImmediate);
    expect(blocks).toEqual(given);
    far.destroy();
  }
});

it('keeps the order where whoever is given a block brings in the next record', async () => {
  const { client, far } = await connected();
  const content = randomBytes(3 * BLOCK_BYTES);
  const blocks: Buffer[] = [];
  client.on('data', (block: Buffer) => {
    if (blocks.push(block) === 1) client.push(content.subarray(2 * BLOCK_BYTES));
  });
  client.push(content.subarray(0, 2 * BLOCK_BYTES));
  await new Promise(setImmediate);
  expect(Buffer.concat(blocks).equals(content)).toBe(true);
  client.destroy();
  far.destroy();
});

it('is how a store is read', async () => {
  const body = randomBytes(MIB);
  const hostile = await startHostileServer(authority.certificates, (request, response) => {
    (request.socket as TLSSocket).setMaxSendFragment(512);
    response.end(body);
  });
  const client = createStoreClient(authority.address('any', { endpoint: hostile.endpoint }), { guard: loopbackGuard });
  const blocks: Buffer[] = [];
  await client.call({ right: 's3:GetObject', key: 'any' }, async (s3) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'any', Key: 'any' }));
    await once(
      (Body as Readable).on('data', (block: Buffer) => blocks.push(block)),
      'end',
    );
  });
  expect(Buffer.concat(blocks).equals(body)).toBe(true);
  expect(blocks.length).toBeLessThan(body.length / 512 / 4);
  client.close();
  await hostile.stop();
});
