import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectCatalogue } from '#db/connect.ts';
import { ensureMasterKey, readMasterKey } from '#db/master-key.ts';
import { migrateToLatest } from '#db/migrate.ts';
import { createSealer } from '#db/seal.ts';
import type { Catalogue } from '#db/tables.ts';
import { startEmbeddedPostgres } from '#standalone/embedded-postgres.ts';
import { createProgress, type Progress } from '#standalone/parts/progress.ts';
import { findFreePort } from '#standalone/ports.ts';
import { startProcess } from '#standalone/processes.ts';
import { addPerson, fillCatalogue } from './api-catalogue.ts';
import { measureP99, measureThroughput, type Target } from './api-load.ts';
import { logPlans, plansOf, type QueryPlan } from './api-plans.ts';
import { type ListRequest, listRequests } from './api-requests.ts';
import { median, timed } from './house.ts';

/** The p99 of a list is under so many times that of /healthz. */
const BAR = 10;
const ROUNDS = 3;
/** The p99 of /healthz where nobody else computes is a few milliseconds. */
const QUIET_MS = 20;

interface Setting {
  readonly folder: string;
  readonly databaseUrl: string;
  readonly db: Catalogue;
  readonly cookies: Readonly<Record<ListRequest['who'], string>>;
  readonly requests: readonly ListRequest[];
  readonly progress: Progress;
  readonly seconds: number;
}

/**
 * The API over a large catalogue. Of every list: how many requests a second eight connections get answered, the p99 of fifty requests a
 * second beside that of as many of /healthz, and how the catalogue ran the queries. The API, the catalogue and who asks are processes of
 * their own.
 */
export async function benchApi(databases = 10_000, backups = 1_000_000, seconds = 2): Promise<boolean> {
  const progress = createProgress((text) => void process.stdout.write(text));
  const folder = await mkdtemp('/tmp/tidemark-bench-');
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') });
  const db = connectCatalogue(postgres.url);
  try {
    await ensureMasterKey(join(folder, 'master.key'));
    const sealer = createSealer(await readMasterKey(join(folder, 'master.key')));
    await migrateToLatest(db);
    await progress.step(`Writing ${databases} databases and ${backups} backups`, () =>
      fillCatalogue(postgres.url, sealer, { databases, backups }),
    );
    const cookies = { user: await addPerson(db, 'user'), admin: await addPerson(db, 'admin') };
    const setting = { folder, databaseUrl: postgres.url, db, cookies, requests: await listRequests(db), progress, seconds };
    const isQuick = await measure(setting);
    return (await explain(setting)) && isQuick;
  } finally {
    await db.destroy();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(setting: Setting): Promise<boolean> {
  const { requests, cookies, progress, seconds } = setting;
  return withApi(setting, async ({ url, metricsUrl }) => {
    for (const request of requests) await ask(`${url}/api/v1${request.path}`, cookies[request.who], request);
    const health: Target = { url: `${url}/healthz` };
    const rows = [{ name: '/healthz', perSecond: await measureThroughput(health, seconds), p99: 0 }];
    const healthP99s: number[] = [];
    for (const { operationId, who, words, path } of requests) {
      const target: Target = { url: `${url}/api/v1${path}`, cookie: cookies[who] };
      const perSecond = await measureThroughput(target, seconds);
      // beside each list, and the median of each: what else the machine does for a moment decides nothing
      healthP99s.push(await measureP99(health, seconds));
      const p99s: number[] = [];
      for (let round = 0; round < ROUNDS; round++) p99s.push(await measureP99(target, seconds));
      rows.push({ name: `${operationId} (${who}): ${words}`, perSecond, p99: median(p99s) });
    }
    const base = median(healthP99s);
    progress.line('\n   req/s   p99 ms   ratio');
    for (const row of rows) progress.line(lineOf(row.name, row.perSecond, row.p99 || base, base));
    const scrapes: number[] = [];
    for (let n = 0; n < 5; n++) scrapes.push(await timed(async () => (await fetch(metricsUrl)).text()));
    if (base > QUIET_MS)
      progress.line(`\n/healthz took ${base.toFixed(0)} ms: the machine does too much else for the ratios to say anything`);
    progress.line(`\nA scrape of /metrics: ${scrapes.map((took) => (1000 * took).toFixed(0)).join(', ')} ms`);
    return base <= QUIET_MS && rows.every((row) => row.p99 < BAR * base);
  });
}

function lineOf(name: string, perSecond: number, latency: number, base: number): string {
  const ratio = latency / base;
  return `${perSecond.toFixed(0).padStart(8)}${latency.toFixed(1).padStart(9)}${ratio.toFixed(1).padStart(8)}  ${ratio < BAR ? '' : 'TOO SLOW '}${name}`;
}

const largeTables: ReadonlySet<string> = new Set(['backups', 'tasks', 'audit_rows', 'notices', 'log_archives', 'databases']);
const withoutDatabases = new Set([...largeTables].filter((table) => table !== 'databases'));
/** Of tables with 200,000 rows and more. */
const MOST_ROWS = 20_000;

async function explain(setting: Setting): Promise<boolean> {
  const { db, requests, cookies, progress, folder } = setting;
  await logPlans(db);
  const logFile = join(folder, 'postgres', 'postgres.log');
  return withApi(setting, async ({ url, metricsUrl }) => {
    progress.line('\nWhat each reads of large tables:');
    let isGood = true;
    for (const request of requests) {
      const plans = await plansOf(logFile, () => ask(`${url}/api/v1${request.path}`, cookies[request.who], request));
      const large = request.readsAllDatabases === true ? withoutDatabases : largeTables;
      isGood = tell(progress, `${request.operationId} (${request.who}): ${request.words}`, plans, large) && isGood;
    }
    const scrape = async (): Promise<unknown> => (await fetch(metricsUrl)).text();
    await scrape();
    // the sums of what is stored are held now: they read every backup that is kept, every five minutes
    return tell(progress, 'metrics', await plansOf(logFile, scrape), withoutDatabases) && isGood;
  });
}

async function ask(url: string, cookie: string, { isEmpty }: ListRequest): Promise<void> {
  const answer = await fetch(url, { headers: { cookie } });
  const body = (await answer.json()) as { items?: unknown[] };
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${JSON.stringify(body)}`);
  if (body.items !== undefined && (body.items.length === 0) !== (isEmpty ?? false))
    throw new Error(`${url} answered ${body.items.length} items`);
}

function tell(progress: Progress, name: string, plans: readonly QueryPlan[], large: ReadonlySet<string>): boolean {
  if (plans.length === 0) throw new Error(`no plan was logged of ${name}`);
  const scans = plans.flatMap((plan) => plan.scans).filter(({ table }) => large.has(table));
  const bad = scans.filter(({ node, rows }) => node === 'Seq Scan' || rows > MOST_ROWS);
  const words = scans.map(({ node, table, index, rows }) => `${index ?? `${node} of ${table}`} ${rows}`);
  progress.line(`  ${bad.length === 0 ? '' : 'TOO MUCH '}${name}: ${plans.length} queries; ${words.join(', ')}`);
  for (const { text } of bad.length === 0 ? [] : plans) progress.line(`      ${text}`);
  return bad.length === 0;
}

interface Api {
  readonly url: string;
  readonly metricsUrl: string;
}

async function withApi<T>({ folder, databaseUrl }: Setting, work: (api: Api) => Promise<T>): Promise<T> {
  const [port, metricsPort] = [await findFreePort(), await findFreePort()];
  const api = await startProcess({
    command: process.execPath,
    args: [fileURLToPath(new URL('../api/main.ts', import.meta.url))],
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      TIDEMARK_DATABASE_URL: databaseUrl,
      TIDEMARK_MASTER_KEY_FILE: join(folder, 'master.key'),
      TIDEMARK_API_PORT: String(port),
      TIDEMARK_METRICS_PORT: String(metricsPort),
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      TIDEMARK_REQUESTS_PER_MINUTE: '1000000',
    },
    logFile: join(folder, 'api.log'),
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    const isThere = (): Promise<boolean> =>
      fetch(`${url}/healthz`).then(
        (answer) => answer.ok,
        () => false,
      );
    for (const deadline = Date.now() + 60_000; !(await isThere()); await sleep(100)) {
      if (!api.isRunning() || Date.now() > deadline) throw new Error(`The API did not start; its log is ${folder}/api.log`);
    }
    return await work({ url, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` });
  } finally {
    await api.stop();
  }
}
