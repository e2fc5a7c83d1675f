import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageOf } from '#domain/errors.ts';
import type { EngineName } from '#domain/states.ts';
import { type Application, createApplication } from '#lab/application.ts';
import type { Answer, Task } from '#lab/client.ts';
import { primaryOf } from '#lab/lab.ts';
import { createPolicy, createStore, registerPrimary } from '#lab/story.ts';
import { startTestProduct, type TestProduct, waitFor } from '../product.ts';
import { type Attached, editHost, listBackups as listShownBackups, pitrStatus } from '../system/edits.ts';

const [building, recovering, exchanging] = [
  'Building the data directory beside the running one',
  'Recovering up to the target in private',
  'Exchanging the data directories',
] as const;

/** What differs between the engines: a database that takes some seconds to back up, and where our traces would be. */
const ballasts: Readonly<
  Record<
    EngineName,
    { readonly fill: string; readonly rows: string; readonly tool: string; readonly traces: string; readonly phases: readonly string[] }
  >
> = {
  postgresql: {
    fill: `drop table if exists ballast, marks; create table marks (note text); create table ballast as select g, repeat(md5(random()::text), 30) from generate_series(1, 300000) g`,
    rows: '300000',
    tool: 'type=full',
    traces:
      '/var/lib/postgresql/17/*tidemark* /var/lib/postgresql/17/main/tidemark* /var/lib/tidemark/*/restore* /var/lib/tidemark/*/private',
    phases: [building, recovering, exchanging],
  },
  mariadb: {
    fill: fillMysql(),
    rows: '262144',
    tool: '[m]ariadb-backup.--backup',
    traces: mysqlTraces(),
    phases: [building, recovering, exchanging],
  },
  // its restore goes by the very steps of MariaDB's
  mysql: { fill: fillMysql(), rows: '262144', tool: '[t]ar.-C./var/lib/mysql-files', traces: mysqlTraces(), phases: [building] },
};

function fillMysql(): string {
  return `create table marks (note text); create table ballast (id int auto_increment primary key, t varchar(1000));
insert into ballast (t) values (repeat(sha2(rand(), 256), 15));
${'insert into ballast (t) select repeat(sha2(rand(), 256), 15) from ballast;\n'.repeat(18)}`;
}

function mysqlTraces(): string {
  return '/var/lib/mysql.tidemark* /var/lib/mysql/tidemark* /var/lib/mysql-files/tidemark* /var/lib/tidemark/*/restore* /var/lib/tidemark/*/private /run/tidemark-*';
}

/** P4 and P6: the worker dies by SIGKILL in the middle; the next one goes on with what still runs on the host, or begins anew. */
export function describeWorkerKilled(engine: EngineName): void {
  describe(`when the worker is killed over ${engine}`, () => describeKills(engine));
}

function describeKills(engine: EngineName): void {
  let house: TestProduct;
  let application: Application;
  let databaseId: string;
  let policyId: string;
  let store: Answer;
  const name = 'orders-db';
  const { fill, rows, tool, traces, phases } = ballasts[engine];

  const sql = (text: string): Promise<string> => application.administer(engine === 'postgresql' ? text : `use shop;\n${text}`);

  beforeAll(async () => {
    house = await startTestProduct(engine);
    application = await createApplication(house.lab, engine);
    await sql(fill);
    store = await createStore(house.lab, `killed-${engine}-${Date.now().toString(36)}`);
    databaseId = await registerPrimary(house.lab, house.api, name, engine);
    policyId = await createPolicy(house.api, 'Killed', store);
    await house.api.waitForTask((await house.api.post<Task>(`/policies/${policyId}/attachments`, { databaseId })).id);
  });
  afterAll(async () => {
    await sql('drop table ballast; drop table marks');
    await house.stop();
  });

  const getTask = (id: string): Promise<Task> => house.api.get<Task>(`/tasks/${id}`);

  /** Waits until the task has been in a phase for a moment, then pulls the plug. */
  const endIn = async (taskId: string, phase: string, how: 'kill' | 'stop'): Promise<void> => {
    let task: Task | undefined;
    const isThere = async (): Promise<true | undefined> => {
      task = await getTask(taskId);
      if (task.status === 'completed' || task.status === 'failed') throw new Error(`the task was ${task.status} before "${phase}"`);
      return task.phase === phase ? true : undefined;
    };
    await waitFor(`the phase "${phase}"`, isThere).catch((error: unknown) => {
      throw new Error(`${messageOf(error)}: ${JSON.stringify(task)}`, { cause: error });
    });
    await sleep(300);
    await house.product.worker.current()[how]();
    expect((await getTask(taskId)).status).toBe('running');
  };

  const leftovers = async (): Promise<string> => {
    const command = `ls -d /run/tidemark/*/* ${traces} 2>/dev/null; pgrep -a "pgbackrest|mariadb-backup" | grep -v archive`;
    return (await house.lab.exec(primaryOf(engine), ['sh', '-c', command])).stdout;
  };

  const listBackups = async (): Promise<Answer[]> => (await house.api.get<{ items: Answer[] }>(`/databases/${databaseId}/backups`)).items;

  it.each(['kill', 'stop'] as const)('by SIGKILL or told to stop (%s), a backup goes on, is proven, and is one backup', async (how) => {
    const before = (await listBackups()).length;
    const { id } = await house.api.post<Task>(`/databases/${databaseId}/backups`, {});
    await endIn(id, 'Backing up', how);
    await house.api.waitForTask(id);
    const backups = await listBackups();
    expect(backups).toHaveLength(before + 1);
    expect(backups.map((backup) => backup['status'])).toEqual(backups.map(() => 'completed'));
    expect(new Set(backups.map((backup) => backup['label'])).size).toBe(backups.length);
    expect(await leftovers()).toBe('');
  });

  it('a backup whose tool was killed on the host too is not called completed before a new attempt was proven', async () => {
    const { id } = await house.api.post<Task>(`/databases/${databaseId}/backups`, {});
    await endIn(id, 'Backing up', 'kill');
    await house.lab.exec(primaryOf(engine), ['pkill', '-KILL', '-f', tool]);
    await house.api.waitForTask(id);
    const [backup] = await listBackups();
    const restore = await house.api.post<{ taskId: string }>(`/databases/${databaseId}/restores`, {
      backupId: backup?.['id'],
      confirmName: name,
    });
    await house.api.waitForTask(restore.taskId);
    expect(await leftovers()).toBe('');
  });

  it.each(phases)('a restore that was at "%s" ends with the restored data, and nothing else is left', async (phase) => {
    await sql(`insert into marks values ('kept ${phase}')`);
    await sleep(2_000);
    const target = new Date(Math.ceil(Date.now() / 1000) * 1000);
    await sleep(target.getTime() - Date.now() + 500);
    await sql(`insert into marks values ('lost ${phase}')`);
    await sleep(2_000);
    const restore = await house.api.post<{ taskId: string }>(`/databases/${databaseId}/restores`, {
      target: `${target.toISOString().slice(0, 19)}Z`,
      confirmName: name,
    });
    await endIn(restore.taskId, phase, 'kill');
    await house.api.waitForTask(restore.taskId);
    expect(await sql(`select note from marks where note like '%${phase}'`)).toBe(`kept ${phase}`);
    expect(await sql('select count(*) from ballast')).toBe(rows);
    expect(await leftovers()).toBe('');
  });

  it('another encryption comes to the host whole, in a generation that begins with a full', async () => {
    const attached: Attached = { policyId, databaseId };
    const [before] = await listShownBackups(house.api, attached);
    await editHost(house.api, attached, { encryptionEnabled: false }, async ({ id }) => {
      // the old generation's logs are archived right before the new one begins
      await waitFor('the switch', async () => ((await getTask(id)).phase === 'Checking the log archive' ? true : undefined));
      await endIn(id, 'Configuring log archiving', 'kill');
    });
    const [after] = await listShownBackups(house.api, attached);
    expect(after).toMatchObject({ kind: 'full', status: 'completed', generation: (before?.generation ?? 0) + 1 });
    expect(await pitrStatus(house.api, attached)).toBe('active');
    expect(await leftovers()).toBe('');
  });

  it('a policy that is deleted with its backups leaves none of them', async () => {
    const detach = await house.api.delete<Task>(`/policies/${policyId}/attachments/${databaseId}`);
    await house.api.waitForTask(detach.id);
    const folder = `/srv/s3/data/${String(store['bucket'])}/${String(store['prefix'])}`;
    const onStore = async (command: string): Promise<number> => Number((await house.lab.exec('s3', ['sh', '-c', command])).stdout);
    const files = (): Promise<number> => onStore(`find ${folder} -type f | wc -l`);
    // so many that their removal takes a moment
    await onStore(`mkdir ${folder}/${databaseId}/g1/many && cd ${folder}/${databaseId}/g1/many && seq 3000 | xargs touch`);
    expect(await files()).toBeGreaterThan(3_010);
    const { id } = await house.api.post<Task>(`/policies/${policyId}/deletions`, { confirmName: 'Killed', backups: 'delete' });
    await endIn(id, 'Removing the backups', 'kill');
    expect(await files()).toBeGreaterThan(0);
    await house.api.waitForTask(id);
    expect(await files()).toBe(0);
  });
}
