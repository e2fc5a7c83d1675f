import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureMasterKey } from '#db/master-key.ts';
import type { EmbeddedPostgres } from './embedded-postgres.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import type { EmbeddedTemporal } from './embedded-temporal.ts';
import { startEmbeddedTemporal } from './embedded-temporal.ts';
import type { PartsContext } from './parts/cache.ts';
import { isThere } from './parts/cache.ts';
import { ensureTemporal } from './parts/temporal.ts';
import { findFreePort } from './ports.ts';
import { compileWorker, programArgs, programEnvironment, type ProgramName } from './programs.ts';
import type { Supervised } from './supervise.ts';
import { supervise } from './supervise.ts';

export interface ProductOptions extends PartsContext {
  /** Everything lies here: catalogue, Temporal's state, the master key, logs. */
  readonly dataDir: string;
  /** The wished port; another free one is taken when somebody listens there. */
  readonly apiPort: number;
  /** The wished ports; the defaults are Temporal's own. */
  readonly temporalPorts?: { readonly frontend: number; readonly ui: number };
  /** Further environment for the API and the worker. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** The whole product on one machine. */
export interface Product {
  readonly apiUrl: string;
  readonly temporalUiUrl: string;
  readonly temporalAddress: string;
  readonly databaseUrl: string;
  readonly adminEmail: string;
  /** Only at the first start: it is kept nowhere else. */
  readonly adminPassword: string | undefined;
  readonly postgres: EmbeddedPostgres;
  readonly temporal: EmbeddedTemporal;
  readonly api: Supervised;
  readonly worker: Supervised;
  /** Rejects when a part ended that is not started again by itself. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Starts catalogue, Temporal, API and worker, in this order; a later start on the same folder finds everything again. */
export async function startProduct(options: ProductOptions): Promise<Product> {
  const dataDir = resolve(options.dataDir);
  const { progress } = options;
  await mkdir(dataDir, { recursive: true });
  await chmod(dataDir, 0o711); // the catalogue may run as another user below it
  await ensureKey(dataDir);
  const adminPassword = await prepareAdminPassword(dataDir);
  const binary = await ensureTemporal(options);
  const compiled = compileWorker(options.cacheDir);
  const started: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (let part = started.pop(); part !== undefined; part = started.pop()) await part.stop();
  };
  const start = async <T extends { stop(): Promise<void> }>(label: string, work: () => Promise<T>): Promise<T> => {
    const part = await progress.step(label, work);
    started.push(part);
    return part;
  };
  try {
    const postgres = await start('Catalogue (PostgreSQL)', () => startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') }));
    const temporal = await start('Temporal', () =>
      startEmbeddedTemporal({ dataDir: join(dataDir, 'temporal'), binary, ports: options.temporalPorts }),
    );
    const port = await findFreePort(options.apiPort);
    const environment = environmentFor(options, postgres, temporal, port);
    const apiUrl = `http://127.0.0.1:${port}`;
    const api = await start('API', () => startPart('api', dataDir, environment, options, () => isHealthy(apiUrl)));
    await rm(adminPasswordFile(dataDir), { force: true });
    const worker = await start('Worker', async () => {
      await compiled;
      return startPart('worker', dataDir, environment, options, (log) => Promise.resolve(log.includes('worker ready')));
    });
    return {
      apiUrl,
      temporalUiUrl: temporal.uiUrl,
      temporalAddress: temporal.address,
      databaseUrl: postgres.url,
      adminEmail: adminEmailOf(options),
      adminPassword,
      postgres,
      temporal,
      api,
      worker,
      stop,
      failed: watch({ 'The catalogue': postgres, Temporal: temporal }),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A new key would open nothing of a catalogue that is there. */
async function ensureKey(dataDir: string): Promise<void> {
  const key = join(dataDir, 'master.key');
  if ((await isThere(join(dataDir, 'postgres', 'cluster'))) && !(await isThere(key)))
    throw new Error(`${dataDir} holds a catalogue, and ${key} is missing, without which none of its secrets opens: put it back.`);
  await ensureMasterKey(key);
}

function adminPasswordFile(dataDir: string): string {
  return join(dataDir, 'admin-password');
}

/** The file lives until the API has made the first admin from it. */
async function prepareAdminPassword(dataDir: string): Promise<string | undefined> {
  const path = adminPasswordFile(dataDir);
  if (await isThere(path)) return readFile(path, 'utf8');
  if (await isThere(join(dataDir, 'postgres', 'cluster'))) return undefined;
  const password = randomBytes(12).toString('base64url');
  await writeFile(path, password, { mode: 0o600 });
  return password;
}

function adminEmailOf({ environment }: ProductOptions): string {
  return environment?.['TIDEMARK_ADMIN_EMAIL'] ?? 'admin@localhost';
}

function environmentFor(
  options: ProductOptions,
  postgres: EmbeddedPostgres,
  temporal: EmbeddedTemporal,
  port: number,
): Record<string, string | undefined> {
  const { dataDir, cacheDir, environment } = options;
  return {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    ...programEnvironment(cacheDir),
    ...environment,
    TIDEMARK_DATABASE_URL: postgres.url,
    TIDEMARK_MASTER_KEY_FILE: join(dataDir, 'master.key'),
    TIDEMARK_API_PORT: String(port),
    TIDEMARK_ADMIN_EMAIL: adminEmailOf(options),
    TIDEMARK_ADMIN_PASSWORD_FILE: adminPasswordFile(dataDir),
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_UI_URL: temporal.uiUrl,
  };
}

async function startPart(
  name: ProgramName,
  dataDir: string,
  environment: Readonly<Record<string, string | undefined>>,
  { progress }: PartsContext,
  isReady: (log: string) => Promise<boolean>,
): Promise<Supervised> {
  const logFile = join(dataDir, `${name}.log`);
  await rm(logFile, { force: true });
  const options = { command: process.execPath, args: programArgs(name), env: environment, logFile, graceMs: 15_000 };
  const part = await supervise(options, (words) => progress.line(`The ${name} ${words}`));
  const first = part.current();
  for (const deadline = Date.now() + 120_000; !(await isReady(await readFile(logFile, 'utf8'))); await sleep(100)) {
    if (first.isRunning() && Date.now() < deadline) continue;
    await part.stop();
    throw new Error(`The ${name} did not start: ${(await readFile(logFile, 'utf8')).trim().split('\n').slice(-8).join('\n')}`);
  }
  return part;
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then(
    (answer) => answer.ok,
    () => false,
  );
}

function watch(parts: Readonly<Record<string, EmbeddedPostgres | EmbeddedTemporal>>): Promise<never> {
  const failed = Promise.race(
    Object.entries(parts).map(async ([name, part]): Promise<never> => {
      const { code, signal } = await part.process.exited;
      throw new Error(`${name} ended with ${signal ?? code}. Start Tidemark again; nothing is lost.`);
    }),
  );
  failed.catch(() => undefined); // whoever waits for it is told
  return failed;
}
