import { createServer, request, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Versitygw } from '../versitygw.ts';

export interface BusyStore {
  readonly port: number;
  /** Answers the next so many uploads of a part by 503 SlowDown. */
  refuseParts(count: number): void;
  close(): void;
}

/** Stands before a real store and hands everything on, headers as they were signed. */
export async function startBusyStore({ port, certificates: { certPem, keyPem, caPem } }: Versitygw): Promise<BusyStore> {
  let refusals = 0;
  const server = createServer({ cert: certPem, key: keyPem }, (near, answer) => {
    if (near.url?.includes('partNumber=') === true && refusals > 0) {
      refusals -= 1;
      near.resume().once('end', () => answer.writeHead(503, { 'content-type': 'application/xml' }).end(slowDown));
      return;
    }
    const { method, url, headers } = near;
    const options: RequestOptions = { host: '127.0.0.1', port, method, path: url, headers, ca: caPem };
    const far = request(options, (from) => from.pipe(answer.writeHead(from.statusCode ?? 502, from.headers)));
    far.on('error', () => answer.destroy());
    near.pipe(far);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    refuseParts: (count) => (refusals = count),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const slowDown =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>';
