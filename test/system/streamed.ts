import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApplication } from '#lab/application.ts';
import type { Answer, Task } from '#lab/client.ts';
import { primaryOf } from '#lab/lab.ts';
import { createPolicy, createStore, noteSecond, registerPrimary, restoreTo } from '#lab/story.ts';
import { startWriter, type Writer } from '#lab/writer.ts';
import { edit, editHost, expectNewGeneration, listBackups, pitrStatus, untilWindowHolds } from './edits.ts';
import { expectReplicaAsSource, expectReplicaLostMidway, expectWorkerLostOverReplica } from './sources.ts';
import { readHistories } from '../temporal-histories.ts';
import { startTestProduct, type TestProduct } from '../product.ts';

/** The main job by REST, as a user does it, on the engines whose backups stream through the worker. */
export function describeStreamedJob(engine: 'mariadb' | 'mysql'): void {
  describe(`the main job on ${engine}`, () => describeJob(engine));
}

function describeJob(engine: 'mariadb' | 'mysql'): void {
  let house: TestProduct;
  let writer: Writer;
  let store: Answer;
  let databaseId: string;
  let policyId: string;
  const name = `orders-${engine}`;

  beforeAll(async () => {
    house = await startTestProduct(engine);
    store = await createStore(house.lab, `main-job-${engine}-${Date.now().toString(36)}`);
    writer = await startWriter(await createApplication(house.lab, engine), 1000);
  });
  afterAll(async () => {
    await writer.stop();
    await house.stop();
  });

  const backUp = async (kind: 'full' | 'incremental'): Promise<void> => {
    const task = await house.api.post<Task>(`/databases/${databaseId}/backups`, { kind });
    await house.api.waitForTask(task.id);
  };

  const nextSecond = async (): Promise<Date> => {
    await sleep(2_000);
    return noteSecond(writer);
  };

  it('registers, attaches and takes a first full', async () => {
    databaseId = await registerPrimary(house.lab, house.api, name, engine);
    policyId = await createPolicy(house.api, `Daily ${engine}`, store);
    const task = await house.api.post<Task>(`/policies/${policyId}/attachments`, { databaseId });
    await house.api.waitForTask(task.id);
    expect(await house.api.get(`/databases/${databaseId}`)).toMatchObject({ attachment: { policyId, pitrStatus: 'active' } });
    const { items } = await house.api.get<{ items: Answer[] }>(`/databases/${databaseId}/backups`);
    expect(items).toMatchObject([{ kind: 'full', status: 'completed' }]);
  });

  it('restores to several seconds exactly, across a chain of three incrementals and across earlier restores', async () => {
    const seconds: Date[] = [];
    for (let link = 0; link < 3; link++) {
      await backUp('incremental');
      seconds.push(await nextSecond());
    }
    await writer.pause();
    await writer.drop();
    for (const second of [seconds[2], seconds[0], seconds[1]]) {
      if (second === undefined) throw new Error('there is no second');
      await restoreTo(house.api, databaseId, name, second);
      expect(await writer.read()).toEqual(writer.committedBefore(second));
    }
  });

  it('archives its logs by itself, minute by minute', async () => {
    const attached = { policyId, databaseId };
    await edit(house.api, attached, { logArchiveMinutes: 1 });
    const before = await listBackups(house.api, attached);
    await untilWindowHolds(house.api, attached, new Date());
    expect(await listBackups(house.api, attached)).toEqual(before);
    await edit(house.api, attached, { logArchiveMinutes: 60 });
  });

  it('takes an edit to the host: PITR off and on, another encryption', async () => {
    const attached = { policyId, databaseId };
    await editHost(house.api, attached, { pitrEnabled: false });
    expect(await pitrStatus(house.api, attached)).toBe('disabled');
    await backUp('full');
    await editHost(house.api, attached, { pitrEnabled: true });
    expect(await pitrStatus(house.api, attached)).toBe('active');
    await untilWindowHolds(house.api, attached, new Date(Date.now() - 60_000));
    await expectNewGeneration(house.api, attached, false);
    const rows = await writer.read();
    const second = await nextSecond();
    await writer.drop();
    await restoreTo(house.api, databaseId, name, second);
    expect(await writer.read()).toEqual(rows);
  });

  it('reads its backups from a replica that follows, to any second', async () => {
    await expectReplicaAsSource({ house, engine, policyId, databaseId, name });
  });

  it('goes on from the replica when the worker is killed while it reads there, and leaves nothing on it', async () => {
    await expectWorkerLostOverReplica({ house, engine, policyId, databaseId, name });
  });

  it('takes the primary where the replica dies in the middle of a backup', async () => {
    await expectReplicaLostMidway({ house, engine, policyId, databaseId, name });
  });

  it('keeps every secret out of Temporal, logs, answers and the host', async () => {
    const secrets = [String(store['secretKey']), house.lab.sshPrivateKey.split('\n')[1] ?? '', house.adminPassword];
    const paths = [`/databases/${databaseId}`, `/policies/${policyId}`, `/databases/${databaseId}/backups`, '/tasks'];
    const answers = await Promise.all(paths.map((path) => house.api.get(path)));
    const processes = await house.lab.exec(primaryOf(engine), [
      'sh',
      '-c',
      'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"; grep -rh . /var/lib/tidemark /run/tidemark* 2>/dev/null',
    ]);
    const histories = await readHistories(house.product.temporalAddress);
    expect(histories.length).toBeGreaterThan(10_000);
    const places = { answers: JSON.stringify(answers), histories, logs: await house.logs(), host: processes.stdout };
    for (const [place, text] of Object.entries(places)) {
      for (const secret of secrets) expect(text.includes(secret) ? `${place} holds a secret` : 'clean').toBe('clean');
    }
  });

  it('deletes a backup with what builds on it, from the bucket too; the newest can still be restored', async () => {
    const list = async () =>
      (
        await house.api.get<{ items: { id: string; kind: string; status: string; generation: number }[] }>(
          `/databases/${databaseId}/backups`,
        )
      ).items;
    const first = (await list()).findLast(({ kind }) => kind === 'full');
    const problem = await house.api.post(`/backups/${first?.id}/deletions`, { confirmBackups: 99 }).catch((error: unknown) => error);
    expect(problem).toMatchObject({ code: 'confirmation-needed' });
    const count = Number(/removes (\d+) backups/.exec(String(problem))?.[1]);
    expect(count).toBe((await list()).filter(({ generation }) => generation === 1).length);
    const task = await house.api.post<Task>(`/backups/${first?.id}/deletions`, { confirmBackups: count });
    await house.api.waitForTask(task.id);
    expect((await list()).filter(({ status }) => status === 'deleted')).toHaveLength(count);
    const folder = `/srv/s3/data/${String(store['bucket'])}/tidemark/${databaseId}`;
    const left = await house.lab.exec('s3', [
      'sh',
      '-c',
      `find ${folder}/g1 -type f 2>/dev/null | wc -l; find ${folder} -name manifest.json | wc -l`,
    ]);
    expect(left.stdout.split('\n').slice(0, 2)).toEqual([
      '0',
      String((await list()).filter(({ status }) => status === 'completed').length),
    ]);
    const [newest] = await list();
    const restore = await house.api.post<{ taskId: string }>(`/databases/${databaseId}/restores`, {
      backupId: newest?.id,
      confirmName: name,
    });
    await house.api.waitForTask(restore.taskId);
  });

  it('detaches: nothing of ours on the host, the backups still listed', async () => {
    const task = await house.api.delete<Task>(`/policies/${policyId}/attachments/${databaseId}`);
    await house.api.waitForTask(task.id);
    const left = await house.lab.exec(primaryOf(engine), [
      'sh',
      '-c',
      'ls -d /var/lib/tidemark /run/tidemark* /var/lib/mysql.tidemark* /var/lib/mysql/tidemark* /var/lib/mysql-files/tidemark* /etc/mysql/*/zz-tidemark* 2>/dev/null',
    ]);
    expect(left.stdout).toBe('');
    const { items } = await house.api.get<{ items: Answer[] }>(`/databases/${databaseId}/backups`);
    expect(items.length).toBeGreaterThan(5);
  });
}
