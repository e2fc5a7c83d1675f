import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface SilentHost {
  readonly port: number;
  /** Takes connections and says nothing. */
  hold(): void;
  /** Ends those that are open, and new ones at once. */
  hangUp(): void;
  stop(): Promise<void>;
}

/** A machine of which one cannot say whether it will ever answer. */
export async function startSilentHost(): Promise<SilentHost> {
  const sockets = new Set<Socket>();
  let isHolding = true;
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (isHolding) sockets.add(socket);
    else socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hangUp = () => {
    isHolding = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    hold: () => void (isHolding = true),
    hangUp,
    async stop() {
      hangUp();
      server.close();
      await once(server, 'close');
    },
  };
}
