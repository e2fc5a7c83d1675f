import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiProblem, type Answer, type Task } from '#lab/client.ts';
import { createPolicy, createStore, noteSecond, registerPrimary, restoreTo } from '#lab/story.ts';
import { createApplication } from '#lab/application.ts';
import { startWriter, type Writer } from '#lab/writer.ts';
import { editHost, expectNewGeneration, listBackups, pitrStatus } from './edits.ts';
import { expectReplicaAsSource, expectReplicaLostMidway, expectWorkerLostOverReplica } from './sources.ts';
import { readHistories } from '../temporal-histories.ts';
import { startTestProduct, type TestProduct } from '../product.ts';

/** The main job as a user does it, over the REST API, on real parts; the tests build on each other, in order. */
describe('the main job on PostgreSQL', () => {
  let house: TestProduct;
  let writer: Writer;
  let store: Answer & { secretKey?: unknown };
  let databaseId: string;
  let policyId: string;
  const name = 'orders-db';

  beforeAll(async () => {
    house = await startTestProduct();
    store = await createStore(house.lab, `main-job-${Date.now().toString(36)}`);
    writer = await startWriter(await createApplication(house.lab, 'postgresql'), 1000);
  });
  afterAll(async () => {
    await writer.stop();
    await house.stop();
  });

  const window = async (): Promise<{ intervals: { from: string; to: string }[]; holes: { from: string; to: string; reason: string }[] }> =>
    house.api.get(`/databases/${databaseId}/recovery-window`);

  const backUp = async (kind: 'full' | 'incremental'): Promise<void> => {
    const task = await house.api.post<Task>(`/databases/${databaseId}/backups`, { kind });
    await house.api.waitForTask(task.id);
  };

  const problemOf = async (request: Promise<unknown>): Promise<ApiProblem> => {
    const problem = await request.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (problem instanceof ApiProblem) return problem;
    throw new Error(`there was no problem but ${String(problem)}`);
  };

  const nextSecond = async (): Promise<Date> => {
    await sleep(2_000);
    return noteSecond(writer);
  };

  it('names what is wrong with a store before it is saved', async () => {
    const codes = async (change: Answer): Promise<unknown[]> => {
      const report = await house.api.post<{ ok: boolean; steps: { ok: unknown; code?: string }[] }>('/store-tests', {
        ...store,
        ...change,
      });
      expect(report.ok).toBe(Object.keys(change).length === 0);
      return report.steps.filter((step) => step.ok === false).map((step) => step.code);
    };
    expect(await codes({})).toEqual([]);
    expect(await codes({ secretKey: 'wrong' })).toContain('store-credentials-refused');
    expect(await codes({ bucket: 'no-such-bucket' })).toContain('store-bucket-missing');
    expect(await codes({ endpoint: '127.0.0.1:7070' })).toContain('address-refused');
    expect(await codes({ endpoint: `${house.lab.subnet}.10:7071` })).toContain('store-unreachable');
  });

  it('names the one permission that is missing', async () => {
    const accessKey = String(store['accessKey']);
    const bucket = String(store['bucket']);
    const allow = { effect: 'Allow' as const, accessKey, actions: ['s3:*'] };
    await house.lab.s3.putBucketPolicy(bucket, [allow, { effect: 'Deny', accessKey, actions: ['s3:DeleteObject'] }]);
    const report = await house.api.post<{ steps: { name: string; ok: unknown; code?: string; message?: string }[] }>('/store-tests', store);
    await house.lab.s3.putBucketPolicy(bucket, [allow]);
    const [failed, ...others] = report.steps.filter((step) => step.ok === false);
    expect(others).toEqual([]);
    expect(failed).toMatchObject({
      name: 'delete',
      code: 'store-permission-missing',
      message: expect.stringContaining('s3:DeleteObject') as string,
    });
  });

  it('registers the database, pins its host key and shows the fingerprint', async () => {
    databaseId = await registerPrimary(house.lab, house.api, name);
    const database = await house.api.get(`/databases/${databaseId}`);
    expect(database).toMatchObject({
      status: 'active',
      hostKeyFingerprint: expect.stringMatching(/^SHA256:/) as string,
      version: expect.stringMatching(/^17/) as string,
    });
  });

  it('attaches: installs the tools, arms archiving, takes a first full', async () => {
    policyId = await createPolicy(house.api, 'Production daily', store);
    const task = await house.api.post<Task>(`/policies/${policyId}/attachments`, { databaseId });
    const second = await problemOf(house.api.post(`/policies/${policyId}/attachments`, { databaseId }));
    expect([409, 'database-busy', 'already-attached']).toEqual(expect.arrayContaining([second.status, second.code]));
    await house.api.waitForTask(task.id);
    expect(await house.api.get(`/databases/${databaseId}`)).toMatchObject({ attachment: { policyId, pitrStatus: 'active' } });
    const { items } = await house.api.get<{ items: Answer[] }>(`/databases/${databaseId}/backups`);
    expect(items).toMatchObject([{ kind: 'full', status: 'completed' }]);
    expect(await house.api.get(`/tasks/${task.id}`)).toMatchObject({ status: 'completed', backupId: items[0]?.['id'] });
  });

  it('lets one of two manual backups win and tells the other one clearly', async () => {
    const asked = await Promise.allSettled([1, 2, 3].map(() => house.api.post<Task>(`/databases/${databaseId}/backups`, {})));
    const begun = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const refused = asked.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as ApiProblem] : []));
    expect(begun).toHaveLength(1);
    expect(refused.map((problem) => [problem.status, problem.code])).toEqual([
      [409, 'database-busy'],
      [409, 'database-busy'],
    ]);
    await house.api.waitForTask(begun[0]?.id ?? '');
  });

  it('restores to a second exactly, later to one before that restore, and to one after it', async () => {
    await backUp('incremental');
    const early = await nextSecond();
    const late = await nextSecond();
    await writer.pause();
    await writer.drop();
    await restoreTo(house.api, databaseId, name, late);
    expect(await writer.read()).toEqual(writer.committedBefore(late));
    await restoreTo(house.api, databaseId, name, early);
    expect(await writer.read()).toEqual(writer.committedBefore(early));
    await house.lab.exec('pg-primary', ['psql', '-XqAt', '-c', `insert into orders values (999999, 'after the restores')`], {
      user: 'postgres',
    });
    const after = await nextSecond();
    await house.lab.exec('pg-primary', ['psql', '-XqAt', '-c', 'drop table orders'], { user: 'postgres' });
    await restoreTo(house.api, databaseId, name, after);
    expect(await writer.read()).toEqual([...writer.committedBefore(early), { id: 999_999, note: 'after the restores' }]);
  });

  it('refuses times outside the window, in words, and asks for the name', async () => {
    const { intervals } = await window();
    const before = new Date(Date.parse(intervals[0]?.from ?? '') - 60_000);
    const restore = (body: Answer): Promise<unknown> => house.api.post(`/databases/${databaseId}/restores`, body);
    const seconds = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;
    expect(await problemOf(restore({ target: seconds(before), confirmName: name }))).toMatchObject({
      status: 422,
      code: 'target-outside-window',
    });
    expect(await problemOf(restore({ target: seconds(new Date(Date.now() + 60_000)), confirmName: name }))).toMatchObject({
      code: 'target-outside-window',
    });
    expect(await problemOf(restore({ target: seconds(new Date()), confirmName: 'another' }))).toMatchObject({
      status: 400,
      code: 'invalid-request',
    });
  });

  it('finds a WAL segment that was removed: named in the window, refused inside the hole, other backups restorable', async () => {
    await backUp('full');
    const {
      items: [base],
    } = await house.api.get<{ items: { id: string; generation: number }[] }>(`/databases/${databaseId}/backups`);
    const inHole = await nextSecond();
    const archive = `/srv/s3/data/${String(store['bucket'])}/tidemark/${databaseId}/g${base?.generation}/pgbackrest/archive/db`;
    await house.lab.exec(
      'pg-primary',
      [
        'psql',
        '-XqAt',
        '-c',
        `insert into orders values (1000000, 'x'); select pg_switch_wal(); insert into orders values (1000001, 'y'); select pg_switch_wal()`,
      ],
      { user: 'postgres' },
    );
    await sleep(5_000);
    const newest = await house.lab.exec('s3', ['sh', '-c', `find ${archive} -name '*.zst' | sort | tail -n 2 | head -n 1`]);
    await house.lab.exec('s3', ['rm', newest.stdout.trim()]);
    await expect(backUp('full')).resolves.toBeUndefined();
    await sleep(1_000);
    const { holes } = await window();
    const segment = /([0-9A-F]{24})-/.exec(newest.stdout)?.[1] ?? '';
    expect(holes.at(-1)?.reason).toContain(segment);
    const asked = house.api.post(`/databases/${databaseId}/restores`, {
      target: `${new Date(inHole).toISOString().slice(0, 19)}Z`,
      confirmName: name,
    });
    expect(await problemOf(asked)).toMatchObject({ code: 'target-outside-window', message: expect.stringContaining(segment) as string });
    const plain = await house.api.post<{ taskId: string }>(`/databases/${databaseId}/restores`, { backupId: base?.id, confirmName: name });
    await house.api.waitForTask(plain.taskId);
  });

  it('takes new keys and another encryption to the host; the old keys are of no use to it', async () => {
    const attached = { policyId, databaseId };
    const secretKey = randomBytes(20).toString('hex');
    await house.lab.s3.changeSecret(String(store['accessKey']), secretKey);
    await editHost(house.api, attached, { secretKey });
    store = { ...store, secretKey };
    const config = await house.lab.exec('pg-primary', ['sh', '-c', `cat /var/lib/tidemark/${databaseId}/*.conf`]);
    expect(config.stdout.includes(secretKey)).toBe(true);
    await backUp('incremental');
    const rows = await writer.read();
    const before = await nextSecond();
    await expectNewGeneration(house.api, attached, false);
    await writer.drop();
    await restoreTo(house.api, databaseId, name, before);
    expect(await writer.read()).toEqual(rows);
  });

  it('sets log archiving up again when asked to, and takes no full where none is needed', async () => {
    const attached = { policyId, databaseId };
    const before = await listBackups(house.api, attached);
    await house.api.waitForTask((await house.api.post<Task>(`/databases/${databaseId}/pitr-retries`)).id);
    expect(await pitrStatus(house.api, attached)).toBe('active');
    expect(await listBackups(house.api, attached)).toEqual(before);
  });

  it('reads its backups from a replica that follows, to any second', async () => {
    await expectReplicaAsSource({ house, engine: 'postgresql', policyId, databaseId, name });
  });

  it('goes on from the replica when the worker is killed while it reads there, and leaves nothing on it', async () => {
    await expectWorkerLostOverReplica({ house, engine: 'postgresql', policyId, databaseId, name });
  });

  it('takes the primary where the replica dies in the middle of a backup', async () => {
    await expectReplicaLostMidway({ house, engine: 'postgresql', policyId, databaseId, name });
  });

  it('keeps every secret out of Temporal, logs, answers and the host when it is done', async () => {
    const secrets = [String(store['secretKey']), house.lab.sshPrivateKey.split('\n')[1] ?? '', house.adminPassword];
    const answers = await Promise.all(
      [`/databases`, `/databases/${databaseId}`, `/policies/${policyId}`, `/databases/${databaseId}/backups`, '/tasks', '/policies'].map(
        (path) => house.api.get(path),
      ),
    );
    const histories = await readHistories(house.product.temporalAddress);
    const places = { answers: JSON.stringify(answers), histories, logs: await house.logs() };
    expect(histories.length).toBeGreaterThan(10_000);
    for (const [place, text] of Object.entries(places)) {
      for (const secret of secrets) expect(text.includes(secret) ? `${place} holds a secret` : 'clean').toBe('clean');
    }
    const processes = await house.lab.exec('pg-primary', [
      'sh',
      '-c',
      'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"',
    ]);
    for (const secret of secrets) expect(processes.stdout.includes(secret)).toBe(false);
  });

  it('detaches: archiving off, nothing of ours on the host, the backups still listed', async () => {
    const task = await house.api.delete<Task>(`/policies/${policyId}/attachments/${databaseId}`);
    await house.api.waitForTask(task.id);
    const left = await house.lab.exec('pg-primary', [
      'sh',
      '-c',
      'ls -d /var/lib/tidemark /run/tidemark /var/lib/postgresql/17/*tidemark* 2>/dev/null; pgrep -a pgbackrest',
    ]);
    expect(left.stdout).toBe('');
    const { items } = await house.api.get<{ items: Answer[] }>(`/databases/${databaseId}/backups`);
    expect(items.length).toBeGreaterThan(5);
  });
});
