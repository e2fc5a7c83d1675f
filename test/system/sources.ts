import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { EngineName } from '#domain/states.ts';
import type { Answer, Task } from '#lab/client.ts';
import { noteSecond, registerReplica, restoreTo } from '#lab/story.ts';
import { createApplication } from '#lab/application.ts';
import { startWriter } from '#lab/writer.ts';
import { listBackups } from './edits.ts';
import { replicaOf } from '#lab/lab.ts';
import { renewReplica } from '../replicas.ts';
import { type TestProduct, waitFor } from '../product.ts';

interface Subject {
  readonly house: TestProduct;
  readonly engine: EngineName;
  readonly policyId: string;
  readonly databaseId: string;
  readonly name: string;
}

/** What an incremental is read from: MySQL's is made of the primary's logs. */
const incrementalIsCopied = { postgresql: true, mariadb: true, mysql: false } as const;

/** The data comes from the replica, in a full and in what builds on it, and is rolled forward with the primary's logs to any second. */
export async function expectReplicaAsSource(subject: Subject): Promise<void> {
  const { house, engine, databaseId, name } = subject;
  const writer = await startWriter(await createApplication(house.lab, engine), 100);
  await renewReplica(house.lab, engine);
  const replicaId = await registerReplica(house.lab, house.api, `${name}-replica`, databaseId, engine);
  const sent = await sentBytes(subject);
  const full = await backUp(subject, 'full');
  expect(full).toMatchObject({ kind: 'full', status: 'completed', sourceId: replicaId, sourceReason: null });
  expect((await sentBytes(subject)) - sent).toBeGreaterThan(Number(full['storedBytes']) / 2);
  const incremental = await backUp(subject, 'incremental');
  expect(incremental).toMatchObject({
    kind: 'incremental',
    status: 'completed',
    fallbackReason: null,
    sourceId: incrementalIsCopied[engine] ? replicaId : databaseId,
  });
  await expectNothingLeft(subject);
  await sleep(2_000);
  const second = await noteSecond(writer);
  await writer.pause();
  await writer.drop();
  await restoreTo(house.api, databaseId, name, second);
  expect(await writer.read()).toEqual(writer.committedBefore(second));
  const [first] = await listBackups(house.api, subject);
  expect(first, 'the replica is of the old line').toMatchObject({
    sourceId: databaseId,
    sourceReason: expect.stringMatching(/^\S+-replica: it is out of step since its primary \S+ was restored/) as string,
  });
  await expectNotices(subject, 2);
}

/** A worker that dies while a replica is read: the next one takes the backup from there, and leaves nothing of either attempt on it. */
export async function expectWorkerLostOverReplica(subject: Subject): Promise<void> {
  const { house, engine, databaseId } = subject;
  await renewReplica(house.lab, engine);
  await checkReplica(subject);
  const before = (await listBackups(house.api, subject)).length;
  await backUpSlowly(subject, () => house.product.worker.current().kill());
  const backups = await listBackups(house.api, subject);
  expect(backups).toHaveLength(before + 1);
  expect(backups[0]).toMatchObject({ status: 'completed', sourceReason: null });
  expect(backups[0]?.['sourceId']).not.toBe(databaseId);
  await expectNothingLeft(subject);
}

/** A replica whose server dies in the middle of a backup: the same task ends well, from the primary, and people are told once. */
export async function expectReplicaLostMidway(subject: Subject): Promise<void> {
  const { house, engine, databaseId, name } = subject;
  await renewReplica(house.lab, engine);
  await checkReplica(subject);
  await backUp(subject, 'full');
  await expectNotices(subject, 3);
  const onReplica = (script: string) => house.lab.exec(replicaOf(engine), ['sh', '-c', script]);
  await backUpSlowly(subject, () =>
    onReplica('pkill -KILL -x postgres; pkill -KILL -x mariadbd; pkill -KILL -x mysqld; pkill -KILL -x tar'),
  );
  const [backup] = await listBackups(house.api, subject);
  expect(backup).toMatchObject({
    status: 'completed',
    sourceId: databaseId,
    sourceReason: expect.stringContaining(`${name}-replica`) as string,
  });
  await expectNotices(subject, 4);
  const restore = await house.api.post<{ taskId: string }>(`/databases/${databaseId}/restores`, {
    backupId: backup?.id,
    confirmName: name,
  });
  await house.api.waitForTask(restore.taskId);
  await onReplica(engine === 'postgresql' ? 'pg_ctlcluster 17 main start' : `service ${engine} start`);
}

/** With a slow tool on the replica, so that it can be met while it runs. */
async function backUpSlowly({ house, engine, databaseId }: Subject, meet: () => Promise<unknown>): Promise<void> {
  const onReplica = (script: string) => house.lab.exec(replicaOf(engine), ['sh', '-c', script]);
  const tool = engine === 'postgresql' ? 'pgbackrest' : 'zstd';
  await onReplica(
    `rm -f /tmp/tool-runs; mv /usr/bin/${tool} /usr/bin/${tool}.whole; printf '#!/bin/sh\\ncase "$*" in *version*) ;; *) touch /tmp/tool-runs; sleep 8 ;; esac\\nexec /usr/bin/${tool}.whole "$@"\\n' > /usr/bin/${tool}; chmod 0755 /usr/bin/${tool}`,
  );
  try {
    const task = await house.api.post<Task>(`/databases/${databaseId}/backups`, { kind: 'full' });
    await waitFor('the tool on the replica', async () => ((await onReplica('test -e /tmp/tool-runs')).exitCode === 0 ? true : undefined));
    await meet();
    await house.api.waitForTask(task.id);
  } finally {
    await onReplica(`mv /usr/bin/${tool}.whole /usr/bin/${tool}; rm -f /tmp/tool-runs`);
  }
}

/** What the operator does when the replica has been built anew. */
async function checkReplica({ house, name }: Subject): Promise<void> {
  const { items } = await house.api.get<{ items: { id: string; name: string }[] }>('/databases');
  const replica = items.find((database) => database.name === `${name}-replica`);
  const task = await house.api.post<Task>(`/databases/${String(replica?.id)}/checks`);
  await house.api.waitForTask(task.id);
}

async function backUp(subject: Subject, kind: 'full' | 'incremental'): Promise<Answer> {
  const { house, databaseId } = subject;
  const task = await house.api.post<Task>(`/databases/${databaseId}/backups`, { kind });
  await house.api.waitForTask(task.id);
  const [backup] = await listBackups(house.api, subject);
  return { ...backup };
}

/** What the replica's machine has sent so far. */
async function sentBytes({ house, engine }: Subject): Promise<number> {
  const { stdout } = await house.lab.exec(replicaOf(engine), ['cat', '/sys/class/net/eth0/statistics/tx_bytes']);
  return Number(stdout);
}

async function expectNothingLeft({ house, engine }: Subject): Promise<void> {
  const { stdout } = await house.lab.exec(replicaOf(engine), [
    'sh',
    '-c',
    'ls -d /var/lib/tidemark /run/tidemark* /var/lib/mysql-files/tidemark* 2>/dev/null; pgrep -a "pgbackrest|mariadb-backup"',
  ]);
  expect(stdout).toBe('');
}

/** So many times people were told that the database is read elsewhere: once for each change. */
async function expectNotices({ house, name }: Subject, count: number): Promise<void> {
  const told = async (): Promise<number> => {
    const { items } = await house.api.get<{ items: { kind: string; subject: string }[] }>('/notices');
    return items.filter(({ kind, subject }) => kind === 'source-changed' && subject.includes(`${name} (`)).length;
  };
  await waitFor(`notice number ${count}`, async () => ((await told()) >= count ? true : undefined));
  expect(await told()).toBe(count);
}
