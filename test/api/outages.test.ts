import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { endLostRequests } from '#api/lost-requests.ts';
import { connectCatalogue } from '#db/connect.ts';
import { migrateToLatest } from '#db/migrate.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#standalone/embedded-postgres.ts';
import { privateKey } from './fixtures.ts';
import { type LiveWorld, startLiveWorld } from './live-world.ts';
import { startTestTemporal, type TestTemporal } from './temporal.ts';
import { policyBecomes } from './waiting.ts';
import { type Answer, type ApiWorld, type Caller, startApiWorld } from './world.ts';

const PATIENCE = { timeout: 240_000, interval: 100 };

describe('the catalogue, restarted while requests come in,', { timeout: 900_000 }, () => {
  let folder: string;
  let postgres: EmbeddedPostgres;
  let temporal: TestTemporal;
  let world: ApiWorld;
  let caller: Caller;
  let answers: Heard[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-outage-'));
    [postgres, temporal] = await Promise.all([startEmbeddedPostgres({ dataDir: folder }), startTestTemporal()]);
    const db = connectCatalogue(postgres.url);
    await migrateToLatest(db);
    const catalogue = { url: postgres.url, db, drop: () => db.destroy() };
    world = await startApiWorld({ temporalAddress: temporal.address, temporalTimeoutMs: 3_000, catalogue });
    caller = await world.addCaller();
  });
  afterAll(async () => {
    await world.stop();
    await Promise.all([postgres.stop(), temporal.stop()]);
    await rm(folder, { recursive: true });
  });

  it('is answered by what was asked for, or by 503 with Retry-After, and all goes on without a restart of the API', async () => {
    answers = await underLoad(caller, { ...reads, createDatabase, createToken, editMe }, async (heard) => {
      await heard.some(30, isGood);
      await postgres.stop();
      await heard.some(30, isDown);
      postgres = await startEmbeddedPostgres({ dataDir: folder, port: Number(new URL(postgres.url).port) });
      await heard.some(100, isGood);
    });
    expect(wrongOnes(answers, 'catalogue-unavailable')).toEqual([]);
    expect(answers.filter(({ answer }) => isDown(answer)).map(({ answer }) => answer.headers.get('retry-after'))).not.toContain(null);
    expect((await world.anonymous.ask('GET', '/readyz')).status).toBe(200);
  });

  it('has kept all that was promised, and of the rest all or nothing', async () => {
    const [databases, tokens, tasks, audited] = await Promise.all([
      world.db.selectFrom('databases').selectAll().execute(),
      world.db.selectFrom('api_tokens').selectAll().execute(),
      world.db.selectFrom('tasks').selectAll().execute(),
      world.db.selectFrom('audit_rows').selectAll().where('outcome', '=', 'begun').execute(),
    ]);
    const names = new Set([...databases, ...tokens].map(({ name }) => name));
    const promised = answers.filter(({ name, answer }) => name !== undefined && isGood(answer));
    expect(promised.length).toBeGreaterThan(5);
    for (const { name } of promised) expect(names).toContain(name);
    const subjects = audited.map(({ subject }) => subject);
    for (const { id } of databases) expect(subjects).toContain(`database:${id}`);
    for (const { id } of tokens) expect(subjects).toContain(`token:${id}`);
    expect(tasks).toHaveLength(databases.length);
    expect(new Set(tasks.map(({ database_id }) => database_id))).toEqual(new Set(databases.map(({ id }) => id)));
    const admin = await world.addCaller('admin');
    expect((await admin.ask('GET', '/audit-rows/verification')).body).toMatchObject({ ok: true });
  });

  it('leaves no database that is being checked for ever', async () => {
    const lost = await endLostRequests(world.deps, inTenMinutes());
    for (const { id, database_id } of await world.db.selectFrom('tasks').selectAll().execute()) {
      const { status } = await caller.ask('GET', `/databases/${database_id}`);
      expect(status).toBe(200);
      const isWaiting = await world.temporal.workflow
        .getHandle(`check-${database_id}`)
        .describe()
        .then(
          () => true,
          () => false,
        );
      expect(isWaiting).toBe(!lost.includes(id));
    }
  });
});

describe('Temporal, stopped and started again while requests come in,', { timeout: 900_000 }, () => {
  let live: LiveWorld;
  let world: ApiWorld;
  let caller: Caller;
  let policyId: string;
  let answers: Heard[];
  beforeAll(async () => {
    live = await startLiveWorld();
    ({ world, caller } = live);
    await live.startWorkers();
    policyId = (await caller.ask('POST', '/policies', { name: 'nightly', store: live.s3.address('backups') })).id;
    await policyBecomes(caller, policyId, 'active');
  });
  afterAll(() => live.stop());

  it('keeps nobody from reading; what needs it is told 503 with Retry-After, and goes on without a restart of the API', async () => {
    const editPolicy: Ask = async (by) => ({ answer: await by.ask('PATCH', `/policies/${policyId}`, { name: `policy ${randomUUID()}` }) });
    answers = await underLoad(caller, { ...reads, createDatabase, editPolicy }, async (heard) => {
      await heard.some(20, isGood, 'createDatabase');
      await live.temporal.restart(() => heard.some(10, isDown));
      await heard.some(20, isGood, 'createDatabase');
      await heard.some(3, isGood, 'editPolicy');
    });
    expect(wrongOnes(answers, 'temporal-unavailable')).toEqual([]);
    expect(answers.filter(({ what, answer }) => what in reads && !isGood(answer))).toEqual([]);
    expect(answers.filter(({ answer }) => isDown(answer)).map(({ answer }) => answer.headers.get('retry-after'))).not.toContain(null);
  });

  it('leaves nothing half done: every task ends by itself, and every database is checked or says why not', async () => {
    await vi.waitFor(async () => {
      await endLostRequests(world.deps, inTenMinutes());
      expect(await world.db.selectFrom('tasks').selectAll().where('ended_at', 'is', null).execute()).toEqual([]);
    }, PATIENCE);
    const [databases, tasks] = [
      await world.db.selectFrom('databases').selectAll().execute(),
      await world.db.selectFrom('tasks').selectAll().execute(),
    ];
    expect(tasks).toHaveLength(databases.length);
    expect(new Set(tasks.map(({ database_id }) => database_id))).toEqual(new Set(databases.map(({ id }) => id)));
    expect(databases.filter(({ status }) => status === 'checking')).toEqual([]);
    const names = databases.map(({ name }) => name);
    for (const { name, answer } of answers) if (name !== undefined && isGood(answer)) expect(names).toContain(name);
    expect((await caller.ask('PATCH', `/policies/${policyId}`, { name: 'nightly' })).status).toBe(200);
    expect(await policyBecomes(caller, policyId, 'active')).toMatchObject({ name: 'nightly' });
  });
});

interface Heard {
  readonly what: string;
  readonly answer: Answer;
  /** What was to be made. */
  readonly name?: string;
}

type Ask = (caller: Caller) => Promise<Omit<Heard, 'what'>>;

const reads = {
  listDatabases: async (caller: Caller) => ({ answer: await caller.ask('GET', '/databases') }),
  listTasks: async (caller: Caller) => ({ answer: await caller.ask('GET', '/tasks') }),
} satisfies Record<string, Ask>;

const createDatabase: Ask = async (caller) => {
  const name = randomUUID();
  const body = { name, engine: 'mysql', host: '127.0.0.1', sshPort: 1, sshUser: 'admin', sshPrivateKey: privateKey };
  return { name, answer: await caller.ask('POST', '/databases', body) };
};

const createToken: Ask = async (caller) => {
  const name = randomUUID();
  return { name, answer: await caller.ask('POST', '/tokens', { name, scope: 'read' }) };
};

const editMe: Ask = async (caller) => ({ answer: await caller.ask('PATCH', '/me', { name: 'New' }) });

interface Listening {
  /** Waits for so many more of those answers. */
  some(count: number, isMeant: (answer: Answer) => boolean, what?: string): Promise<void>;
}

/** Two of each ask again and again until the work is done. */
async function underLoad(caller: Caller, asks: Record<string, Ask>, work: (heard: Listening) => Promise<void>): Promise<Heard[]> {
  const heard: Heard[] = [];
  let isOver = false;
  const loops = [...Object.entries(asks), ...Object.entries(asks)].map(async ([what, ask]) => {
    while (!isOver) heard.push({ what, ...(await ask(caller)) });
  });
  const some: Listening['some'] = async (count, isMeant, what) => {
    const from = heard.length;
    const meant = () => heard.slice(from).filter((one) => (what === undefined || one.what === what) && isMeant(one.answer));
    await vi.waitFor(() => expect(meant().length).toBeGreaterThanOrEqual(count), PATIENCE);
  };
  try {
    await work({ some });
  } finally {
    isOver = true;
    await Promise.all(loops);
  }
  return heard;
}

function isGood({ status }: Answer): boolean {
  return status < 300;
}

function isDown({ status }: Answer): boolean {
  return status === 503;
}

/** What was neither answered well nor with the one code. */
function wrongOnes(answers: readonly Heard[], code: string): string[] {
  const wrong = answers.filter(({ answer }) => !isGood(answer) && !(isDown(answer) && answer.body['code'] === code));
  return wrong.map(({ what, answer }) => `${what}: ${answer.text}`);
}

function inTenMinutes(): number {
  return Date.now() + 600_000;
}
