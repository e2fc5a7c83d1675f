import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Lab } from './lab.ts';

export interface WrittenRow {
  readonly id: number;
  readonly note: string;
}

/** An application that writes all the time, a row a transaction, and remembers what was committed when. */
export interface Writer {
  /** What had been committed before `at`, in the order of the ids. */
  committedBefore(at: Date): WrittenRow[];
  /** What the table holds now. */
  read(): Promise<WrittenRow[]>;
  drop(): Promise<void>;
  /** Ends the writing, and fails where it failed. */
  pause(): Promise<void>;
  stop(): Promise<void>;
}

const PERIOD_MS = 20;
/** Nothing is in flight at the turn of a second, so that "before that second" has one answer. */
const QUIET_MS = 100;

type Connect = () => Promise<pg.Client>;

/** Makes the table `orders` on the lab's PostgreSQL primary and fills it, first with `rows` at once, then steadily. */
export async function startWriter(lab: Lab, rows: number): Promise<Writer> {
  const connect = await createLogin(lab);
  const client = await connect();
  await client.query('drop table if exists orders');
  await client.query('create table orders (id bigint primary key, note text not null)');
  await client.query(`insert into orders select g, 'first ' || repeat(md5(g::text), 8) from generate_series(1, $1::int) g`, [rows]);
  await client.end();
  const first = await readRows(connect);
  const written: { row: WrittenRow; committedAt: number }[] = [];
  let writing = true;
  const work = (async () => {
    const inserter = createInserter(connect);
    for (let id = rows + 1; writing; id++) {
      await quietTurn();
      const row = { id, note: `order ${id} of ${new Date().toISOString()}` };
      await inserter.insert(row);
      written.push({ row, committedAt: Date.now() });
      await sleep(PERIOD_MS);
    }
    await inserter.close();
  })();
  work.catch(() => undefined); // seen by pause()
  const pause = async (): Promise<void> => {
    writing = false;
    await work;
  };
  return {
    committedBefore: (at) => [...first, ...written.filter(({ committedAt }) => committedAt < at.getTime()).map(({ row }) => row)],
    read: () => readRows(connect),
    async drop() {
      const dropper = await connect();
      await dropper.query('drop table orders').finally(() => dropper.end());
    },
    pause,
    stop: () => pause().catch(() => undefined),
  };
}

/** A login of the application's own; each use of it opens a connection. */
async function createLogin(lab: Lab): Promise<Connect> {
  const password = randomBytes(12).toString('hex');
  const setUp = `drop table if exists orders; drop role if exists shop; create role shop superuser login password '${password}';`;
  const result = await lab.exec('pg-primary', ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', '-'], { user: 'postgres', input: setUp });
  if (result.exitCode !== 0) throw new Error(`The writer's role was not made: ${result.stderr}`);
  const { address, databasePort } = lab.hosts['pg-primary'];
  return async () => {
    const client = new pg.Client({ host: address, port: databasePort, user: 'shop', password, database: 'postgres' });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
}

/** A restart of the server cuts the connection: connect again, and insert the row unless it had arrived. */
function createInserter(connect: Connect): { insert(row: WrittenRow): Promise<void>; close(): Promise<void> } {
  let client: pg.Client | undefined;
  const insert = async (row: WrittenRow): Promise<void> => {
    for (const deadline = Date.now() + 60_000; ; await sleep(100)) {
      try {
        client ??= await connect();
        await client.query('insert into orders values ($1, $2) on conflict do nothing', [row.id, row.note]);
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await client?.end().catch(() => undefined);
        client = undefined;
      }
    }
  };
  return { insert, close: async () => client?.end() };
}

async function readRows(connect: Connect): Promise<WrittenRow[]> {
  const reader = await connect();
  try {
    return (await reader.query<{ id: string; note: string }>('select id, note from orders order by id')).rows.map(toRow);
  } finally {
    await reader.end();
  }
}

async function quietTurn(): Promise<void> {
  const into = Date.now() % 1000;
  if (into > 1000 - QUIET_MS) await sleep(1000 - into + QUIET_MS);
  else if (into < QUIET_MS) await sleep(QUIET_MS - into);
}

function toRow(row: { id: string; note: string }): WrittenRow {
  return { id: Number(row.id), note: row.note };
}
