import { Context, heartbeat } from '@temporalio/activity';
import { type ApplicationFailure, CancelledFailure, type WorkflowFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { Activities, Failure } from '#activities/activities.ts';
import { databaseWorkflowId, taskQueue } from '#domain/names.ts';
import { type Bench, dailyFrom } from './bench.ts';
import { useBench } from './use-bench.ts';
import { newId, refuse } from './world.ts';

const benchOf = useBench();
type Name = keyof Activities;

/** What an operation did, without the words about its task, and how it failed. Its policy has no workflow, so it reports to nobody. */
async function run({ env, world }: Bench, workflow: string, more: object = {}): Promise<{ did: Name[]; failure: Failure | undefined }> {
  const ref = { databaseId: newId(), policyId: newId(), taskId: newId() };
  world.policies.set(ref.policyId, { name: 'Nightly', schedule: dailyFrom(Date.now(), 3.5).schedule, attached: new Set() });
  const execution = env.client.workflow.execute(workflow, {
    workflowId: databaseWorkflowId(ref.databaseId),
    taskQueue,
    args: [{ ...ref, ...more }],
  });
  const thrown = await execution.then(
    () => undefined,
    (error: WorkflowFailedError) => error.cause as ApplicationFailure,
  );
  const { failure, status } = world.tasks.get(ref.taskId) ?? {};
  expect(status).toBe(thrown === undefined ? 'completed' : 'failed');
  if (!(thrown instanceof CancelledFailure)) expect(thrown?.message).toBe(failure?.message);
  const did = world.calls.map(({ name }) => name).filter((name) => name !== 'beginTask' && name !== 'endTask');
  return { did, failure };
}

const backup: Name[] = ['planBackup', 'runBackup', 'checkLogs'];

test.each<{ fails: Name; did: Name[] }>([
  { fails: 'openAttachment', did: ['openAttachment'] },
  { fails: 'prepareHost', did: ['openAttachment', 'prepareHost', 'disarmPitr', 'closeAttachment'] },
  { fails: 'armPitr', did: ['openAttachment', 'prepareHost', 'armPitr', 'disarmPitr', 'closeAttachment'] },
  { fails: 'runBackup', did: ['openAttachment', 'prepareHost', 'armPitr', 'planBackup', 'runBackup', 'failBackup'] },
  { fails: 'checkLogs', did: ['openAttachment', 'prepareHost', 'armPitr', 'planBackup', 'runBackup', 'checkLogs'] },
])('an attach that fails at $fails does $did', async ({ fails, did }) => {
  const bench = benchOf();
  bench.world.before[fails] = refuse('host-sudo-refused', 'no sudo');
  expect(await run(bench, 'attachDatabase')).toEqual({ did, failure: { code: 'host-sudo-refused', message: 'no sudo' } });
});

test('a cleaning up that fails is told, and does not hide what went wrong first', async () => {
  const bench = benchOf();
  bench.world.before.prepareHost = refuse('version-not-supported', 'too old');
  bench.world.before.disarmPitr = refuse('host-key-changed', 'another key');
  expect(await run(bench, 'attachDatabase')).toEqual({
    did: ['openAttachment', 'prepareHost', 'disarmPitr'],
    failure: { code: 'version-not-supported', message: 'too old; besides, cleaning up after it failed: another key' },
  });
});

test('retention and deletion mark before they remove; what cannot be removed is told', async () => {
  expect(await run(benchOf(), 'applyRetention')).toEqual({ did: ['markExpired', 'removeDeleted'], failure: undefined });
  benchOf().world.calls.length = 0;
  benchOf().world.before.removeDeleted = refuse('store-permission-missing', 'the bucket does not grant s3:DeleteObject');
  expect(await run(benchOf(), 'deleteBackup', { backupId: newId() })).toEqual({
    did: ['markForDeletion', 'removeDeleted'],
    failure: { code: 'store-permission-missing', message: 'the bucket does not grant s3:DeleteObject' },
  });
});

test('a detach takes the logs off first, then the attachment', async () => {
  expect(await run(benchOf(), 'detachDatabase')).toEqual({ did: ['disarmPitr', 'closeAttachment'], failure: undefined });
});

test('a backup whose check of the logs fails is completed, and its task tells of the logs', async () => {
  const bench = benchOf();
  bench.world.before.checkLogs = refuse('store-failed', 'no list');
  expect(await run(bench, 'backUpDatabase', { kind: 'incremental' })).toEqual({
    did: backup,
    failure: { code: 'store-failed', message: 'no list' },
  });
  expect([...bench.world.backups.values()]).toEqual([expect.objectContaining({ kind: 'incremental', status: 'completed' })]);
});

test('a backup that fails is marked failed with the same words as its task', async () => {
  const bench = benchOf();
  bench.world.before.runBackup = refuse('disk-full', 'no space');
  expect(await run(bench, 'backUpDatabase', { kind: 'full' })).toEqual({
    did: ['planBackup', 'runBackup', 'failBackup'],
    failure: { code: 'disk-full', message: 'no space' },
  });
  expect(bench.world.calls.find(({ name }) => name === 'failBackup')?.input).toMatchObject({
    failure: { code: 'disk-full', message: 'no space' },
  });
});

const built: Name[] = ['planRestore', 'preflightRestore', 'buildRestore', 'recoverRestore'];
const swapped: Name[] = [...built, 'swapRestore', 'cleanUpRestore'];
const message = 'it broke';
const notBackedUp = `the data is restored, but it is not backed up yet: ${message}`;

test('a restore begins a new generation and takes a full at once', async () => {
  expect(await run(benchOf(), 'restoreDatabase', { restoreId: newId() })).toEqual({
    did: [...swapped, 'beginGeneration', 'armPitr', ...backup],
    failure: undefined,
  });
});

test.each<{ fails: Name; did: Name[]; tells: string }>([
  { fails: 'planRestore', did: ['planRestore'], tells: message },
  { fails: 'preflightRestore', did: [...built.slice(0, 2), 'cleanUpRestore'], tells: message },
  { fails: 'buildRestore', did: [...built.slice(0, 3), 'cleanUpRestore'], tells: message },
  { fails: 'recoverRestore', did: [...built, 'cleanUpRestore'], tells: message },
  { fails: 'swapRestore', did: [...built, 'swapRestore', 'swapBackRestore', 'cleanUpRestore'], tells: message },
  {
    fails: 'cleanUpRestore',
    did: [...swapped, 'beginGeneration', 'armPitr', ...backup],
    tells: `the data is restored, but the old data could not be removed: ${message}`,
  },
  { fails: 'beginGeneration', did: [...swapped, 'beginGeneration'], tells: notBackedUp },
  { fails: 'armPitr', did: [...swapped, 'beginGeneration', 'armPitr'], tells: notBackedUp },
  { fails: 'runBackup', did: [...swapped, 'beginGeneration', 'armPitr', 'planBackup', 'runBackup', 'failBackup'], tells: notBackedUp },
  { fails: 'checkLogs', did: [...swapped, 'beginGeneration', 'armPitr', ...backup], tells: notBackedUp },
])('a restore that fails at $fails does $did', async ({ fails, did, tells }) => {
  const bench = benchOf();
  bench.world.before[fails] = refuse('target-not-reached', message);
  expect(await run(bench, 'restoreDatabase', { restoreId: newId() })).toEqual({
    did,
    failure: { code: 'target-not-reached', message: tells },
  });
});

test('when swapping back fails too, nothing is removed', async () => {
  const bench = benchOf();
  bench.world.before.swapRestore = refuse('server-down', message);
  bench.world.before.swapBackRestore = refuse('host-key-changed', 'another key');
  expect(await run(bench, 'restoreDatabase', { restoreId: newId() })).toEqual({
    did: [...built, 'swapRestore', 'swapBackRestore'],
    failure: { code: 'server-down', message: `${message}; besides, cleaning up after it failed: another key` },
  });
});

/** Asks for the cancellation of the operation that is at work. */
async function cancelled({ env, world }: Bench): Promise<void> {
  const [task] = world.tasks.values();
  await env.client.workflow.getHandle(databaseWorkflowId(task?.databaseId ?? '')).cancel();
}

/** An activity hears of its cancellation when it tells that it lives. */
async function beat(): Promise<never> {
  for (;;) {
    heartbeat();
    await Context.current().sleep(20);
  }
}

test('a restore that is cancelled before its swap takes everything back', async () => {
  const bench = benchOf();
  bench.world.before.buildRestore = async () => {
    await cancelled(bench);
    await Promise.race([Context.current().cancelled, beat()]);
  };
  expect(await run(bench, 'restoreDatabase', { restoreId: newId() })).toEqual({
    did: ['planRestore', 'preflightRestore', 'buildRestore', 'cleanUpRestore'],
    failure: { code: 'operation-cancelled', message: 'the operation was cancelled' },
  });
});

test('a restore that is cancelled amid its swap ends it, secures the new generation, and takes no backup', async () => {
  const bench = benchOf();
  bench.world.before.swapRestore = () => cancelled(bench);
  expect(await run(bench, 'restoreDatabase', { restoreId: newId() })).toEqual({
    did: [...swapped, 'beginGeneration', 'armPitr'],
    failure: { code: 'operation-cancelled', message: 'the data is restored, but it is not backed up yet: the operation was cancelled' },
  });
});

test('a check tells its outcome to its task', async () => {
  const bench = benchOf();
  bench.world.before.checkDatabase = refuse('host-login-refused', 'no key');
  expect(await run(bench, 'checkDatabase')).toEqual({ did: ['checkDatabase'], failure: { code: 'host-login-refused', message: 'no key' } });
});

test('Test Connection answers what the probe found', async () => {
  const { env, world } = benchOf();
  world.store.probe = { ok: false, steps: [{ name: 'get', ok: false, message: 's3:GetObject is missing' }] };
  const report = await env.client.workflow.execute('testStore', { workflowId: newId(), taskQueue, args: [{ id: newId(), sealed: '' }] });
  expect(report).toEqual(world.store.probe);
});

test('Test Connection on a database answers what the probe found, of one that is saved and of one that is not', async () => {
  const { env, world } = benchOf();
  world.answers.probeDatabase = { ...world.answers.probeDatabase, ok: false, steps: [{ name: 'dns', ok: false, message: 'no such name' }] };
  for (const [name, input] of [
    ['probeSavedDatabase', { databaseId: newId() }],
    ['probeUnsavedDatabase', { id: newId(), sealed: '' }],
  ] as const) {
    const report = await env.client.workflow.execute('testDatabase', { workflowId: newId(), taskQueue, args: [input] });
    expect(report).toEqual(world.answers.probeDatabase);
    expect(world.calls.at(-1)).toEqual({ name, input });
  }
});
