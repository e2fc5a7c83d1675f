import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, ApiClient, Task } from './client.ts';
import type { EngineName } from '#domain/states.ts';
import { type DatabaseService, type Lab, primaryOf, replicaOf } from './lab.ts';
import type { Writer } from './writer.ts';

/** Notes how long each step took and tells how it goes. */
export interface Steps {
  run<T>(name: string, work: (tell: (words: string) => void) => Promise<T>): Promise<T>;
}

/** What the story leaves behind. */
export interface StoryEnd {
  readonly databaseId: string;
  readonly policyId: string;
  readonly target: Date;
  readonly store: Answer;
}

/** A user of the lab's S3 server and a bucket of its own. */
export async function createStore(lab: Lab, bucket: string): Promise<Answer> {
  const [accessKey, secretKey] = [`tidemark${randomBytes(4).toString('hex')}`, randomBytes(20).toString('hex')];
  await lab.s3.createBucket(bucket);
  await lab.s3.createUser(accessKey, secretKey);
  await lab.s3.putBucketPolicy(bucket, [{ effect: 'Allow', accessKey, actions: ['s3:*'] }]);
  return { endpoint: lab.s3.endpoint, region: lab.s3.region, bucket, prefix: 'tidemark', accessKey, secretKey, caPem: lab.s3.caPem };
}

/** Registers the lab's primary of an engine and waits until its check has ended. */
export async function registerPrimary(lab: Lab, api: ApiClient, name: string, engine: EngineName = 'postgresql'): Promise<string> {
  return register(lab, api, lab.hosts[primaryOf(engine)], { name, engine });
}

/** Registers the lab's replica beside its primary and waits until its check has ended. */
export async function registerReplica(lab: Lab, api: ApiClient, name: string, primaryId: string, engine: EngineName): Promise<string> {
  return register(lab, api, lab.hosts[replicaOf(engine)], { name, engine, role: 'replica', primaryId });
}

async function register(
  lab: Lab,
  api: ApiClient,
  { address, sshPort, databasePort }: Lab['hosts'][DatabaseService],
  more: Answer,
): Promise<string> {
  const database = await api.post<{ id: string; taskId: string }>('/databases', {
    ...more,
    host: address,
    port: databasePort,
    sshPort,
    sshUser: lab.sshUser,
    sshPrivateKey: lab.sshPrivateKey,
  });
  await api.waitForTask(database.taskId);
  return database.id;
}

/** Creates a policy with encryption and PITR and waits until its store has been probed. */
export async function createPolicy(api: ApiClient, name: string, store: Answer): Promise<string> {
  const policy = await api.post<{ id: string }>('/policies', {
    name,
    store,
    pitrEnabled: true,
    encryptionEnabled: true,
    schedule: { fullFrequency: 'daily', fullTime: '02:00', incrementalHours: 6 },
  });
  await waitForPolicy(api, policy.id);
  return policy.id;
}

/** Until its store has been probed; throws with the finding where it was refused. */
export async function waitForPolicy(api: ApiClient, policyId: string): Promise<void> {
  for (;;) {
    const { status, lastError } = await api.get<{ status: string; lastError: string | null }>(`/policies/${policyId}`);
    if (status === 'active') return;
    if (status === 'error') throw new Error(`the policy's store was refused: ${lastError ?? ''}`);
    await sleep(200);
  }
}

/** The main job: policy, attach, full, incremental, damage, restore to the second. */
export async function playMainJob(lab: Lab, api: ApiClient, engine: EngineName, writer: Writer, steps: Steps): Promise<StoryEnd> {
  const store = await createStore(lab, `backups-${engine}`);
  const name = `orders-${engine}`;
  const databaseId = await steps.run('Register the database', () => registerPrimary(lab, api, name, engine));
  await steps.run('Test Connection', async (tell) => {
    const report = await api.post<{ ok: boolean; steps: { name: string; ok: unknown }[] }>('/store-tests', store);
    tell(report.steps.map((step) => `${step.name} ${step.ok === true ? 'ok' : 'FAILED'}`).join(', '));
    if (!report.ok) throw new Error(`the store was refused: ${JSON.stringify(report.steps)}`);
  });
  const policyId = await steps.run('Create the policy', () => createPolicy(api, `Production daily, ${engine}`, store));
  await steps.run('Attach: tools, PITR, first full', async (tell) => {
    const task = await api.post<Task>(`/policies/${policyId}/attachments`, { databaseId });
    await api.waitForTask(task.id, (now) => tell(describe(now)));
  });
  await sleep(1_000);
  await steps.run('Incremental backup', async (tell) => {
    const task = await api.post<Task>(`/databases/${databaseId}/backups`, { kind: 'incremental' });
    await api.waitForTask(task.id, (now) => tell(describe(now)));
  });
  await sleep(2_000);
  const target = await steps.run('Note a second, write on, then DROP TABLE', async (tell) => {
    const second = await noteSecond(writer);
    tell(second.toISOString());
    await writer.pause();
    await writer.drop();
    return second;
  });
  await steps.run('Restore to that second', (tell) => restoreTo(api, databaseId, name, target, tell));
  return { databaseId, policyId, target, store };
}

/** A second that is over, before which it is plain what had been committed. */
export async function noteSecond(writer: Writer): Promise<Date> {
  for (;;) {
    const second = new Date(Math.floor(Date.now() / 1000) * 1000 + 1000);
    await sleep(second.getTime() - Date.now() + 2_000);
    if (writer.isQuietAt(second)) return second;
  }
}

export async function restoreTo(
  api: ApiClient,
  databaseId: string,
  name: string,
  target: Date,
  tell: (words: string) => void = () => undefined,
): Promise<void> {
  const restore = await api.post<{ taskId: string }>(`/databases/${databaseId}/restores`, {
    target: target.toISOString().replace('.000Z', 'Z'),
    confirmName: name,
  });
  await api.waitForTask(restore.taskId, (now) => tell(describe(now)));
}

function describe(task: Task): string {
  return `${task.phase ?? task.status}${task.progress === null ? '' : ` ${task.progress.percent} %`}`;
}
