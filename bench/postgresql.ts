import type { Task } from '#lab/client.ts';
import { createPolicy, createStore, registerPrimary } from '#lab/story.ts';
import { type BenchHouse, comparison, median, peakMemory, timed, withHouse } from './house.ts';

const ROUNDS = 3;
/** Of 860 characters that hardly compress. */
const ROWS = 2_300_000;
/** The bar: our full backup takes at most this many times as long as pgBackRest by hand. */
const BAR = 1.1;

/** Full backup and restore of more than 2 GB, ours and by hand in turn, on the same host with the same configuration. */
export async function benchPostgresql(): Promise<boolean> {
  return withHouse(['postgresql'], async (house) => {
    const { api, lab, progress, product } = house;
    await progress.step('Filling the database', () =>
      sql(
        house,
        `create extension if not exists pgcrypto; create table ballast as select g, encode(gen_random_bytes(640), 'base64') from generate_series(1, ${ROWS}) g; checkpoint`,
      ),
    );
    const databaseId = await registerPrimary(lab, api, 'bench');
    const policyId = await createPolicy(api, 'Bench', await createStore(lab, 'bench'));
    const task = await api.post<Task>(`/policies/${policyId}/attachments`, { databaseId });
    await progress.step('Attaching (first full)', () => api.waitForTask(task.id));
    progress.line(`Database: ${await sql(house, 'select pg_size_pretty(sum(pg_database_size(oid))) from pg_database')}`);
    const backups = await compareBackups(house, databaseId);
    const restores = await compareRestores(house, databaseId);
    const [worker, server] = [await peakMemory(product.worker.current().pid), await peakMemory(product.api.current().pid)];
    progress.line(`\nPeak memory: worker ${worker} MiB, API ${server} MiB`);
    progress.line(comparison('Full backup, the whole task', backups.task, backups.hand));
    progress.line(comparison('Full backup, from start to proven', backups.ours, backups.hand));
    progress.line(comparison('Restore, data written beside the old', restores.build, restores.hand));
    progress.line(`Restore, whole task with recovery, swap and the new full: ${restores.task.toFixed(1)} s`);
    const ratio = median(backups.ours) / median(backups.hand);
    progress.line(`\nFull backup: ${ratio.toFixed(3)} × pgBackRest by hand, the bar is ${BAR}: ${ratio <= BAR ? 'held' : 'MISSED'}`);
    return ratio <= BAR;
  });
}

async function compareBackups(
  { api, progress, ...house }: BenchHouse,
  databaseId: string,
): Promise<{ ours: number[]; task: number[]; hand: number[] }> {
  const times = { ours: [] as number[], task: [] as number[], hand: [] as number[] };
  const config = `/var/lib/tidemark/${databaseId}/g1.conf`;
  for (let round = 1; round <= ROUNDS; round++) {
    await progress.step(`Full backup ${round} of ${ROUNDS}, by hand and ours`, async () => {
      times.hand.push(await timed(() => asPostgres(house, `pgbackrest --config=${config} --stanza=db --type=full backup`)));
      times.task.push(await timed(async () => api.waitForTask((await api.post<Task>(`/databases/${databaseId}/backups`, {})).id)));
      const { items } = await api.get<{ items: { startedAt: string; endedAt: string }[] }>(`/databases/${databaseId}/backups`);
      times.ours.push((Date.parse(items[0]?.endedAt ?? '') - Date.parse(items[0]?.startedAt ?? '')) / 1000);
    });
  }
  return times;
}

async function compareRestores(house: BenchHouse, databaseId: string): Promise<{ build: number[]; hand: number[]; task: number }> {
  const { api, progress } = house;
  const config = `/var/lib/tidemark/${databaseId}/g1.conf`;
  const { items } = await api.get<{ items: { id: string; label: string }[] }>(`/databases/${databaseId}/backups`);
  const [backup] = items;
  const hand: number[] = [];
  const phases = new Map<string, number>();
  await progress.step('Restore by hand', async () => {
    const target = '/var/lib/postgresql/17/by-hand';
    await asPostgres(house, `install -d -m 700 ${target}`);
    hand.push(
      await timed(() =>
        asPostgres(house, `pgbackrest --config=${config} --stanza=db --set=${backup?.label} --type=immediate --pg1-path=${target} restore`),
      ),
    );
    await asPostgres(house, `rm -rf ${target}`);
  });
  const task = await progress.step('Restore by Tidemark', () =>
    timed(async () => {
      const { taskId } = await api.post<{ taskId: string }>(`/databases/${databaseId}/restores`, {
        backupId: backup?.id,
        confirmName: 'bench',
      });
      await api.waitForTask(taskId, ({ phase }) => {
        if (phase !== null && !phases.has(phase)) phases.set(phase, performance.now());
      });
    }),
  );
  const from = phases.get('Building the data directory beside the running one') ?? Number.NaN;
  const to = phases.get('Recovering up to the target in private') ?? Number.NaN;
  return { build: [(to - from) / 1000], hand, task };
}

async function sql({ lab }: Pick<BenchHouse, 'lab'>, text: string): Promise<string> {
  return (await exec({ lab }, ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-c', text])).trim();
}

async function asPostgres(house: Pick<BenchHouse, 'lab'>, command: string): Promise<string> {
  return exec(house, ['sh', '-c', `cd / && ${command}`]);
}

async function exec({ lab }: Pick<BenchHouse, 'lab'>, command: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.exec('pg-primary', command, { user: 'postgres', timeoutMs: 1_800_000 });
  if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${exitCode}: ${stdout.slice(-500)} ${stderr.slice(-500)}`);
  return stdout;
}
