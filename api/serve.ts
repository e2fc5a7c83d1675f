import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import type { Logger } from 'pino';
import { connectCatalogue } from '#db/connect.ts';
import { readMasterKey, requireOwnKey } from '#db/master-key.ts';
import { migrateToLatest } from '#db/migrate.ts';
import { createSealer } from '#db/seal.ts';
import { createApi } from './app.ts';
import type { BootstrapAdmin } from './bootstrap.ts';
import { ensureBootstrapAdmin } from './bootstrap.ts';
import { createChangeFeed } from './changes.ts';
import { watchLostRequests } from './lost-requests.ts';
import { createMetricsListener } from './metrics.ts';
import type { ApiSettings } from './settings.ts';
import { watchUnusedKeys } from './ssh-keys.ts';

const STOP_GRACE_MS = 10_000;

export interface RunningApi {
  readonly url: string;
  readonly metricsUrl: string | undefined;
  /** Only at the first start of a catalogue. */
  readonly createdAdmin: BootstrapAdmin | undefined;
  /** Takes no more requests, lets those that run end (for 10 s), and closes what was opened. */
  stop(): Promise<void>;
}

/** Migrates the catalogue and serves. Temporal may come later: until then what needs it answers 503. */
export async function startApi(settings: ApiSettings, logger: Logger): Promise<RunningApi> {
  const sealer = createSealer(await readMasterKey(settings.masterKeyFile));
  const db = connectCatalogue(settings.databaseUrl);
  const connection = Connection.lazy({ address: settings.temporalAddress });
  const opened = [() => connection.close(), () => db.destroy()];
  const release = (): Promise<unknown> => Promise.allSettled(opened.map((close) => close()));
  try {
    await migrateToLatest(db);
    await requireOwnKey(db, sealer);
    const { adminEmail: email, adminPasswordFile: passwordFile } = settings;
    const createdAdmin = await ensureBootstrapAdmin(db, { email, passwordFile });
    const temporal = new Client({ connection, namespace: settings.temporalNamespace });
    const changes = createChangeFeed(settings.databaseUrl, logger);
    opened.push(() => changes.stop());
    const deps = { db, temporal, sealer, logger, changes, settings };
    const { host, port, metricsPort, tls } = settings;
    const server = await listen(await createApiServer(createApi(deps), tls), host, port);
    const metrics = metricsPort === undefined ? undefined : await listen(createServer(createMetricsListener(db)), host, metricsPort);
    const watches = [watchLostRequests(deps), watchUnusedKeys(deps)];
    return {
      url: urlOf(server, tls === undefined ? 'http' : 'https'),
      metricsUrl: metrics === undefined ? undefined : `${urlOf(metrics)}/metrics`,
      createdAdmin,
      async stop() {
        await Promise.all([
          changes.stop(),
          ...watches.map((one) => one.stop()),
          close(server),
          ...(metrics === undefined ? [] : [close(metrics)]),
        ]);
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

async function listen(server: Server, host: string, port: number): Promise<Server> {
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

/** Under TLS 1.2 and newer alone, which is Node's own choice. */
async function createApiServer(listener: RequestListener, tls: ApiSettings['tls']): Promise<Server> {
  if (tls === undefined) return createServer(listener);
  const [cert, key] = await Promise.all([readFile(tls.certificateFile), readFile(tls.keyFile)]);
  // so long a connection that never speaks TLS may keep the server from stopping
  return createTlsServer({ cert, key, handshakeTimeout: STOP_GRACE_MS }, listener);
}

function urlOf(server: Server, scheme: 'http' | 'https' = 'http'): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function close(server: Server): Promise<void> {
  const isClosed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS);
  await isClosed;
  clearTimeout(late);
}
