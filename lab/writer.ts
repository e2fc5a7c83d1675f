import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Application, Session } from './application.ts';

export interface WrittenRow {
  readonly id: number;
  readonly note: string;
}

/** An application that writes all the time, a row a transaction, and remembers what was committed when. */
export interface Writer {
  /** What had been committed before `at`, in the order of the ids. */
  committedBefore(at: Date): WrittenRow[];
  /** Whether "before `at`" has one answer: no insert was under way then, however slow its commit. */
  isQuietAt(at: Date): boolean;
  /** What the table holds now. */
  read(): Promise<WrittenRow[]>;
  drop(): Promise<void>;
  /** Ends the writing, and fails where it failed. */
  pause(): Promise<void>;
  stop(): Promise<void>;
}

const PERIOD_MS = 20;
/** No insert is begun around the turn of a second. */
const QUIET_MS = 100;
const BATCH = 1000;

/** Makes the table `orders` and fills it, first with `rows` in batches, then steadily. */
export async function startWriter(application: Application, rows: number): Promise<Writer> {
  const first = await createTable(application, rows);
  const written: { row: WrittenRow; beganAt: number; committedAt: number }[] = [];
  let begun = Infinity;
  let writing = true;
  const work = (async () => {
    const inserter = createInserter(application);
    for (let id = rows + 1; writing; id++) {
      await quietTurn();
      const row = { id, note: `order ${id} of ${new Date().toISOString()}` };
      begun = Date.now();
      await inserter.insert(row);
      written.push({ row, beganAt: begun, committedAt: Date.now() });
      begun = Infinity;
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
    isQuietAt(at) {
      const crosses = ({ beganAt, committedAt }: { beganAt: number; committedAt: number }): boolean =>
        beganAt < at.getTime() && committedAt >= at.getTime();
      return begun >= at.getTime() && !written.some(crosses);
    },
    read: () => readRows(application),
    async drop() {
      const dropper = await application.connect();
      await dropper.query('drop table orders').finally(() => dropper.close());
    },
    pause,
    stop: () => pause().catch(() => undefined),
  };
}

async function createTable(application: Application, rows: number): Promise<WrittenRow[]> {
  const first = Array.from({ length: rows }, (_, index) => ({ id: index + 1, note: firstNote(index + 1) }));
  const session = await application.connect();
  await session.query('drop table if exists orders');
  await session.query('create table orders (id bigint primary key, note text not null)');
  for (let at = 0; at < rows; at += BATCH) {
    await session.query(
      application.insertOnce(
        'orders',
        first
          .slice(at, at + BATCH)
          .map(valuesOf)
          .join(', '),
      ),
    );
  }
  await session.close();
  return first;
}

function firstNote(id: number): string {
  return `first ${createHash('md5').update(String(id)).digest('hex').repeat(8)}`;
}

function valuesOf({ id, note }: WrittenRow): string {
  return `(${id}, '${note}')`;
}

/** A restart of the server cuts the connection: connect again, and insert the row unless it had arrived. */
function createInserter(application: Application): { insert(row: WrittenRow): Promise<void>; close(): Promise<void> } {
  let session: Session | undefined;
  const insert = async (row: WrittenRow): Promise<void> => {
    for (const deadline = Date.now() + 60_000; ; await sleep(100)) {
      try {
        session ??= await application.connect();
        await session.query(application.insertOnce('orders', valuesOf(row)));
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await session?.close().catch(() => undefined);
        session = undefined;
      }
    }
  };
  return { insert, close: async () => session?.close() };
}

async function readRows(application: Application): Promise<WrittenRow[]> {
  const reader = await application.connect();
  try {
    const rows = await reader.query('select id, note from orders order by id');
    return rows.map(({ id, note }) => ({ id: Number(id), note: String(note) }));
  } finally {
    await reader.close();
  }
}

async function quietTurn(): Promise<void> {
  const into = Date.now() % 1000;
  if (into > 1000 - QUIET_MS) await sleep(1000 - into + QUIET_MS);
  else if (into < QUIET_MS) await sleep(QUIET_MS - into);
}
