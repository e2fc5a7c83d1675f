import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import type { RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Certificates } from '#test/versitygw.ts';

export interface HostileServer {
  readonly endpoint: string;
  /** "GET /path" of each request that came. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/** A TLS server with a good certificate that answers whatever it likes. */
export async function startHostileServer(certificates: Certificates, answer: RequestListener): Promise<HostileServer> {
  const requests: string[] = [];
  const server = createHttpsServer({ cert: certificates.certPem, key: certificates.keyPem }, (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume();
    response.on('error', () => undefined);
    answer(request, response);
  });
  return { requests, ...(await listening(server)) };
}

/** Accepts connections and never says a word. */
export async function startSilentServer(): Promise<HostileServer> {
  return { requests: [], ...(await listening(createServer((socket) => socket.resume()))) };
}

/** Sends the head of an answer letter by letter, without end. */
export async function startSlowServer(certificates: Certificates): Promise<HostileServer> {
  const server = createTlsServer({ cert: certificates.certPem, key: certificates.keyPem }, (socket) => {
    socket
      .on('error', () => undefined)
      .resume()
      .write('HTTP/1.1 200 OK\r\nX-Slow: ');
    const timer = setInterval(() => socket.write('x'), 50);
    socket.on('close', () => clearInterval(timer));
  });
  return { requests: [], ...(await listening(server)) };
}

/** Speaks plain HTTP where TLS is expected. */
export async function startPlainServer(): Promise<HostileServer> {
  return { requests: [], ...(await listening(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))) };
}

async function listening(server: Server): Promise<Pick<HostileServer, 'endpoint' | 'stop'>> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
