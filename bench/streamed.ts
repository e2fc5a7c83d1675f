import { setTimeout as sleep } from 'node:timers/promises';
import { type Application, createApplication, type Session } from '#lab/application.ts';
import type { Answer, Task } from '#lab/client.ts';
import { createPolicy, createStore, registerPrimary } from '#lab/story.ts';
import { byHand, type Hand, type StreamedName } from './by-hand.ts';
import { type BenchHouse, comparison, median, peakMemory, timed, withHouse } from './house.ts';
import { measureStages, measureStreams } from './stages.ts';

const ROUNDS = 3;
/** 2^21 rows of 860 characters that hardly compress. */
const DOUBLINGS = 21;
/** Of a kilobyte each. */
const TRANSACTIONS = 110_000;
const RECOVERING = 'Recovering up to the target in private';
const bars = { backup: 1, restore: 1, replay: 3, memoryMib: 300, perStreamMib: 120 } as const;

interface Bench extends BenchHouse {
  readonly engine: StreamedName;
  readonly application: Application;
  readonly store: Answer;
  readonly databaseId: string;
  readonly hand: Hand;
}

/** Full backup, restore and replay of more than 2 GB, ours and by hand in turn, on the same host to the same bucket. */
export async function benchStreamed(engine: StreamedName): Promise<boolean> {
  return withHouse([engine], async (house) => {
    const bench = await setUp(house, engine);
    const { progress, hand } = bench;
    progress.line(`Database: ${await hand.run('du -sh --exclude="*bin*.0*" /var/lib/mysql | cut -f 1')}`);
    const backups = await compareBackups(bench);
    progress.line(comparison('Full backup, from start to proven', backups.ours, backups.hand));
    const stages = await progress.step('Where the time goes', () => measureStages(house.lab, engine, bench.store, hand));
    progress.line(`Where the time of a full goes, one stage more each time:\n${stages.backup.join('\n')}`);
    progress.line(`And of its restore:\n${stages.restore.join('\n')}`);
    const memory = await measureMemory(bench);
    const restore = await compareRestores(bench);
    const workerMib = await peakMemory(house.product.worker.current().pid);
    progress.line(comparison('Restore, data directory written and prepared', restore.build, restore.hand));
    progress.line(
      comparison(`Replay of ${restore.replayMb} MB of binary logs, fetching and private server included`, restore.recover, restore.pipe),
    );
    progress.line(
      `Restore: ${median(restore.task).toFixed(1)} s as a whole, of which the database was away for ${median(restore.downtime).toFixed(1)} s`,
    );
    progress.line(
      `Peak memory of the worker with one stream, backups and restores: ${workerMib} MiB; of a process with ${memory.map(({ streams, mib }) => `${streams}: ${mib} MiB`).join(', ')}\n`,
    );
    const [first, , last] = memory;
    const perStream = ((last?.mib ?? Number.NaN) - (first?.mib ?? Number.NaN)) / 3;
    const ratio = (ours: readonly number[], other: readonly number[]): number => median(ours) / median(other);
    return [
      held(house, 'full backup', ratio(backups.ours, backups.hand), '≤', bars.backup),
      held(house, 'restore', ratio(restore.build, restore.hand), '≤', bars.restore),
      held(house, 'replay, times as fast', 1 / ratio(restore.recover, restore.pipe), '≥', bars.replay),
      held(house, 'worker, MiB', workerMib, '≤', bars.memoryMib),
      held(house, 'each further stream, MiB', perStream, '≤', bars.perStreamMib),
    ].every((isHeld) => isHeld);
  });
}

function held({ progress }: BenchHouse, what: string, found: number, sign: '≤' | '≥', bar: number): boolean {
  const isHeld = sign === '≤' ? found <= bar : found >= bar;
  progress.line(`${isHeld ? 'held  ' : 'MISSED'}  ${what}: ${found.toFixed(3)} ${sign} ${bar}`);
  return isHeld;
}

async function setUp(house: BenchHouse, engine: StreamedName): Promise<Bench> {
  const { api, lab, progress } = house;
  const application = await createApplication(lab, engine);
  await progress.step('Filling the database', () => application.administer(fillSql()));
  const store = await createStore(lab, `bench-${engine}`);
  const databaseId = await registerPrimary(lab, api, 'bench', engine);
  const policyId = await createPolicy(api, 'Bench', store);
  const task = await api.post<Task>(`/policies/${policyId}/attachments`, { databaseId });
  await progress.step('Attaching (first full)', () => api.waitForTask(task.id));
  return { ...house, engine, application, store, databaseId, hand: await byHand(lab, engine, store) };
}

function fillSql(): string {
  const row = `replace(to_base64(random_bytes(640)), '\\n', '')`;
  return `set sql_log_bin = 0; use shop; create table ballast (id int auto_increment primary key, t varchar(900));
insert into ballast (t) values (${row});
${`insert into ballast (t) select ${row} from ballast;\n`.repeat(DOUBLINGS)}`;
}

async function compareBackups({ api, progress, databaseId, hand }: Bench): Promise<{ ours: number[]; hand: number[] }> {
  const times = { ours: [] as number[], hand: [] as number[] };
  for (let round = 1; round <= ROUNDS; round++) {
    await progress.step(`Full backup ${round} of ${ROUNDS}, by hand and ours`, async () => {
      times.hand.push(await timed(() => hand.backUp()));
      await api.waitForTask((await api.post<Task>(`/databases/${databaseId}/backups`, {})).id);
      const { items } = await api.get<{ items: { startedAt: string; endedAt: string }[] }>(`/databases/${databaseId}/backups`);
      times.ours.push((Date.parse(items[0]?.endedAt ?? '') - Date.parse(items[0]?.startedAt ?? '')) / 1000);
    });
  }
  return times;
}

async function measureMemory({ lab, progress, engine, store }: Bench): Promise<{ streams: number; mib: number }[]> {
  const found: { streams: number; mib: number }[] = [];
  for (const streams of [1, 2, 4]) {
    const mib = await progress.step(`Peak memory with ${streams} at once`, () => measureStreams(lab, engine, store, streams));
    found.push({ streams, mib });
  }
  return found;
}

interface Restores {
  readonly build: number[];
  readonly hand: number[];
  readonly recover: number[];
  readonly pipe: number[];
  readonly replayMb: number;
  readonly task: number[];
  readonly downtime: number[];
}

/** The hand's backup and ours are taken at the same state; then the logs are written that both replay. */
async function compareRestores(bench: Bench): Promise<Restores> {
  const { progress, hand, api, databaseId } = bench;
  const first = await hand.run(`${hand.listLogs} | tail -n 1`);
  await hand.backUp();
  await api.waitForTask((await api.post<Task>(`/databases/${databaseId}/backups`, {})).id);
  await progress.step('Writing binary logs', () => bench.application.administer(writeSql()));
  await sleep(2_000);
  const target = new Date(Math.floor(Date.now() / 1000) * 1000);
  const files = `${hand.listLogs} | awk '$0 >= "${first}"'`;
  const replayMb = Math.round(Number(await hand.run(`${files} | xargs du -cb | tail -n 1 | cut -f 1`)) / 1e6);
  await hand.run(`(${files}) > /root/logs-to-replay`);
  const times: Restores = { hand: [], pipe: [], build: [], recover: [], task: [], downtime: [], replayMb };
  for (let round = 1; round <= ROUNDS; round++) {
    await progress.step(`Restore ${round} of ${ROUNDS}, by hand and ours`, async () => {
      // each of the two right after one by hand was removed: a virtual machine gives free memory back, and pays for each page that it asks for again
      await hand.restore();
      await hand.remove();
      times.hand.push(await timed(() => hand.restore()));
      if (round === 1) {
        await hand.startPrivate();
        times.pipe.push(await timed(() => hand.replay()));
        await hand.stopPrivate();
      }
      await hand.remove();
      await restoreTimed(bench, target, times);
    });
  }
  return times;
}

function writeSql(): string {
  return `use shop; create table written (id int auto_increment primary key, t varchar(1000)) engine = InnoDB;
set global sync_binlog = 0; set global innodb_flush_log_at_trx_commit = 0;
delimiter //
create procedure fill_it() begin declare n int default 0; while n < ${TRANSACTIONS} do insert into written (t) values (repeat('x', 1000)); set n = n + 1; end while; end//
delimiter ;
call fill_it(); drop procedure fill_it; set global sync_binlog = 1; set global innodb_flush_log_at_trx_commit = 1;`;
}

/** Every further one goes to the same second, from the same backup: that lies before the restores. */
async function restoreTimed(bench: Bench, target: Date, times: Restores): Promise<void> {
  const { api, databaseId } = bench;
  const phases = new Map<string, number>();
  let watch: ReturnType<typeof watchDowntime> | undefined;
  const taken = await timed(async () => {
    const { taskId } = await api.post<{ taskId: string }>(`/databases/${databaseId}/restores`, {
      target: target.toISOString().replace('.000Z', 'Z'),
      confirmName: 'bench',
    });
    await api.waitForTask(taskId, ({ phase }) => {
      if (phase !== null && !phases.has(phase)) phases.set(phase, performance.now());
      // nobody asks the server anything while the restore by hand is timed
      if (phase === RECOVERING) watch ??= watchDowntime(bench.application);
    });
  });
  const at = (phase: string): number => (phases.get(phase) ?? Number.NaN) / 1000;
  const [build, recover, swap] = [
    at('Building the data directory beside the running one'),
    at(RECOVERING),
    at('Exchanging the data directories'),
  ];
  times.build.push(recover - build);
  times.recover.push(swap - recover);
  times.task.push(taken);
  times.downtime.push((await watch?.stop()) ?? Number.NaN);
}

/**
 * Asks all the time, over one connection as long as it stands, so that watching costs nothing; the longest time without an answer is
 * how long an application was without its database, in seconds.
 */
function watchDowntime(application: Application): { stop(): Promise<number> } {
  let [watching, longest, last] = [true, 0, performance.now()];
  let session: Session | undefined;
  const ask = async (): Promise<void> => {
    session ??= await application.connect();
    await session.query('select 1');
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const work = (async () => {
    for (; watching; await sleep(50)) await ask().catch(() => (session = undefined));
  })();
  return {
    async stop() {
      watching = false;
      await work;
      await session?.close();
      return longest / 1000;
    },
  };
}
