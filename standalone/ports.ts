import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/** A port of 127.0.0.1 on which nobody listens: the wished one if it is free, else one that the system picks. */
export async function findFreePort(wished = 0): Promise<number> {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen(wished, '127.0.0.1');
    await listening;
  } catch (error) {
    if (wished !== 0) return await findFreePort();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
