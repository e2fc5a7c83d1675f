import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { gatherWrites } from '#activities/hosts/gathering.ts';

let server: Server;
let received: Promise<Buffer>;
let socket: Socket;

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  received = once(server, 'connection').then(([peer]: Socket[]) => buffer(peer as Socket));
  socket = gatherWrites(connect((server.address() as AddressInfo).port, '127.0.0.1'));
  await once(socket, 'connect');
});

afterEach(() => {
  socket.destroy();
  server.close();
});

it('gives what is written in one turn at once, in its order', async () => {
  for (const text of ['head', 'body', 'tag']) socket.write(text);
  expect(socket.bytesWritten).toBe(11);
  expect(socket.writableLength).toBe(11);
  await new Promise(setImmediate);
  expect(socket.writableLength).toBe(0);
  socket.write('next');
  socket.end('end');
  expect(String(await received)).toBe('headbodytagnextend');
});

it('tells every writer, and when there is room again', async () => {
  const piece = Buffer.alloc(1024 * 1024, 7);
  const told = Array.from(
    { length: 8 },
    () =>
      new Promise<void>((resolve, reject) => {
        socket.write(piece, (error) => (error ? reject(error) : resolve()));
      }),
  );
  expect(socket.writableNeedDrain).toBe(true);
  await Promise.all([once(socket, 'drain'), ...told]);
  socket.end();
  expect((await received).equals(Buffer.alloc(8 * 1024 * 1024, 7))).toBe(true);
});
