import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { createApi } from '#api/app.ts';
import { createChangeFeed } from '#api/changes.ts';
import { createLogger } from '#api/logger.ts';
import type { ApiDeps } from '#api/route.ts';
import { createToken, hashToken } from '#api/session-cookie.ts';
import { createSealer, type Sealer } from '#db/seal.ts';
import type { Catalogue } from '#db/tables.ts';
import { insertSession } from '#db/sessions.ts';
import { insertToken } from '#db/tokens.ts';
import { insertUser } from '#db/users.ts';
import type { TokenScope, UserRole } from '#domain/states.ts';
import { createTestCatalogue, type TestCatalogue } from '#test/catalogue.ts';

/** Nothing listens on port 1. */
export const nowhere = '127.0.0.1:1';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
  /** The body's. */
  readonly id: string;
}

export interface Caller {
  readonly id: string;
  /** By which they are known. */
  readonly headers: Readonly<Record<string, string>>;
  /** The path below /api/v1; the body is sent as JSON. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** The same, for what does not end by itself. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

export interface ApiWorld {
  readonly url: string;
  readonly db: Catalogue;
  readonly deps: ApiDeps;
  readonly sealer: Sealer;
  readonly temporal: Client;
  /** Everything that was answered and logged, to look for secrets in. */
  readonly heard: string[];
  readonly anonymous: Caller;
  /** Somebody new who is signed in. */
  addCaller(role?: UserRole): Promise<Caller>;
  /** A program with a token of somebody's. */
  addProgram(userId: string, scope: TokenScope): Promise<Caller>;
  stop(): Promise<void>;
}

interface WorldOptions {
  readonly temporalAddress?: string;
  readonly temporalTimeoutMs?: number;
  /** The default is a clone of the migrated template. */
  readonly catalogue?: Pick<TestCatalogue, 'url' | 'db' | 'drop'>;
  readonly panelFolder?: string;
  readonly requestsPerMinute?: number;
  readonly settings?: Partial<ApiDeps['settings']>;
}

/** The API on a catalogue of its own. */
export async function startApiWorld(options: WorldOptions = {}): Promise<ApiWorld> {
  const { db, url: databaseUrl, drop } = options.catalogue ?? (await createTestCatalogue());
  const heard: string[] = [];
  const connection = Connection.lazy({ address: options.temporalAddress ?? nowhere, connectTimeout: '2 s' });
  const temporal = new Client({ connection });
  const sealer = createSealer(randomBytes(32));
  const logger = createLogger('test', { write: (line) => void heard.push(line) });
  const deps: ApiDeps = {
    db,
    temporal,
    sealer,
    logger,
    changes: createChangeFeed(databaseUrl, logger),
    settings: {
      requestsPerMinute: options.requestsPerMinute ?? 1_000_000,
      temporalTimeoutMs: options.temporalTimeoutMs ?? 500,
      probeTimeoutMs: 20_000,
      ...(options.panelFolder === undefined ? {} : { panelFolder: options.panelFolder }),
      ...options.settings,
    },
  };
  const server = createServer(createApi(deps)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    db,
    deps,
    sealer,
    temporal,
    heard,
    anonymous: createCaller(url, heard, randomUUID()),
    addProgram: async (userId, scope) => {
      const token = createToken();
      const token_hash = hashToken(token);
      const expires_at = new Date(Date.now() + 3_600_000);
      await insertToken(db, { id: randomUUID(), user_id: userId, name: randomUUID(), scope, token_hash, expires_at });
      return createCaller(url, heard, userId, { authorization: `Bearer ${token}` });
    },
    addCaller: (role) => addCaller(db, url, heard, role),
    async stop() {
      await deps.changes.stop();
      server.close();
      server.closeAllConnections();
      await connection.close();
      await drop();
    },
  };
}

async function addCaller(db: Catalogue, url: string, heard: string[], role: UserRole = 'user'): Promise<Caller> {
  const id = randomUUID();
  await insertUser(db, { id, email: `${id}@example.com`, name: 'Somebody', role, password_hash: 'none' });
  return createCaller(url, heard, id, { cookie: `tidemark_session=${await addSession(db, id)}` });
}

/** The token of a session as signing in begins one. */
export async function addSession(db: Catalogue, userId: string, userAgent?: string): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  const expires_at = new Date(Date.now() + 3_600_000);
  await insertSession(db, { token_hash: hashToken(token), user_id: userId, expires_at, user_agent: userAgent });
  return token;
}

function createCaller(url: string, heard: string[], id: string, base: Record<string, string> = {}): Caller {
  const send: Caller['send'] = (method, path, body, headers) =>
    fetch(path.startsWith('/api/') || path.endsWith('z') ? `${url}${path}` : `${url}/api/v1${path}`, {
      method,
      headers: { ...base, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    id,
    headers: base,
    send,
    async ask(method, path, body, headers) {
      const response = await send(method, path, body, headers);
      const isEndless = response.headers.get('content-type') === 'text/event-stream';
      if (isEndless) await response.body?.cancel();
      const text = isEndless ? '' : await response.text();
      heard.push(text);
      const parsed = text === '' ? {} : (JSON.parse(text) as Answer['body']);
      return { status: response.status, headers: response.headers, text, body: parsed, id: String(parsed['id']) };
    },
  };
}
