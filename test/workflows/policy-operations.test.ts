import { type ApplicationFailure, WorkflowUpdateFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { databaseWorkflowId, taskQueue } from '#domain/names.ts';
import { attachUpdate, detachUpdate, editUpdate, manualBackupUpdate, operationEndedSignal, restoreUpdate } from '#workflows/messages.ts';
import { dailyFrom } from './bench.ts';
import { useBench } from './use-bench.ts';
import { newId, refuse, takeLong } from './world.ts';

const HOUR = 3_600_000;
const benchOf = useBench();

/** The code with which an update was refused; undefined when it was not. */
async function refusalOf(update: Promise<unknown>): Promise<string | null | undefined> {
  try {
    await update;
    return undefined;
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) return (error.cause as ApplicationFailure).type;
    throw error;
  }
}

test('an attached database gets its first full at once, belongs to the policy, and cannot be attached again', async () => {
  const { world, ...bench } = benchOf();
  const subject = await bench.startPolicy();
  const databaseId = await bench.attach(subject);
  expect([...world.backups.values()]).toEqual([expect.objectContaining({ databaseId, kind: 'full', status: 'completed' })]);
  expect((await bench.status(subject)).attached).toEqual([databaseId]);
  expect(await refusalOf(subject.handle.executeUpdate(attachUpdate, { args: [{ databaseId, taskId: newId() }] }))).toBe('already-attached');
});

test('while something is done to a database, everything else is refused as busy', async () => {
  const { world, ...bench } = benchOf();
  const subject = await bench.startPolicy();
  world.before.runBackup = takeLong('2 hours');
  const operation = { databaseId: newId(), taskId: newId() };
  await subject.handle.executeUpdate(attachUpdate, { args: [operation] });
  for (const update of [attachUpdate, detachUpdate, manualBackupUpdate]) {
    expect(await refusalOf(subject.handle.executeUpdate(update, { args: [operation] }))).toBe('database-busy');
  }
  expect(await refusalOf(subject.handle.executeUpdate(restoreUpdate, { args: [{ ...operation, restoreId: newId() }] }))).toBe(
    'database-busy',
  );
  expect((await bench.status(subject)).busy).toEqual({ [operation.databaseId]: 'attach' });
});

test('a manual backup runs when nothing else does, and is refused while it runs', async () => {
  const { world, env, ...bench } = benchOf();
  const subject = await bench.startPolicy();
  const databaseId = await bench.attach(subject);
  world.before.runBackup = takeLong('2 hours');
  const taskId = await bench.backUp(subject, databaseId);
  expect(await refusalOf(bench.backUp(subject, databaseId))).toBe('database-busy');
  await env.sleep(2.5 * HOUR);
  expect(world.tasks.get(taskId)).toMatchObject({ kind: 'backup', status: 'completed' });
  delete world.before.runBackup;
  await bench.backUp(subject, databaseId);
  await bench.untilFree(subject, databaseId);
});

test('what is not attached can be neither backed up, restored nor detached', async () => {
  const bench = benchOf();
  const { handle } = await bench.startPolicy();
  const operation = { databaseId: newId(), taskId: newId() };
  expect(await refusalOf(handle.executeUpdate(manualBackupUpdate, { args: [operation] }))).toBe('not-attached');
  expect(await refusalOf(handle.executeUpdate(detachUpdate, { args: [operation] }))).toBe('not-attached');
  expect(await refusalOf(handle.executeUpdate(restoreUpdate, { args: [{ ...operation, restoreId: newId() }] }))).toBe('not-attached');
});

test('a policy whose store fails takes no attachment and no manual backup, but restores', async () => {
  const { world, ...bench } = benchOf();
  world.store.probe = { ok: false, steps: [{ name: 'connect', ok: false, message: 'refused' }] };
  const databaseId = newId();
  const subject = await bench.startPolicy({ attached: [databaseId] });
  const restore = { databaseId, taskId: newId(), restoreId: newId() };
  expect((await bench.status(subject)).status).toBe('error');
  expect(await refusalOf(subject.handle.executeUpdate(attachUpdate, { args: [{ databaseId: newId(), taskId: newId() }] }))).toBe(
    'policy-not-ready',
  );
  expect(await refusalOf(bench.backUp(subject, databaseId))).toBe('policy-not-ready');
  await subject.handle.executeUpdate(restoreUpdate, { args: [restore] });
  await bench.until('the restore has ended', () => world.tasks.get(restore.taskId)?.status === 'completed');
});

test('a detached database is in no slot any more', async () => {
  const { world, env, ...bench } = benchOf();
  const subject = await bench.startPolicy();
  const databaseId = await bench.attach(subject);
  await subject.handle.executeUpdate(detachUpdate, { args: [{ databaseId, taskId: newId() }] });
  await bench.untilFree(subject, databaseId);
  expect(world.policies.get(subject.policyId)?.attached.size).toBe(0);
  await env.sleep(30 * HOUR);
  expect(world.backups.size).toBe(1);
});

test('a detach that cannot clean the host leaves the database attached', async () => {
  const { world, ...bench } = benchOf();
  const subject = await bench.startPolicy();
  const databaseId = await bench.attach(subject);
  world.before.disarmPitr = refuse('host-key-changed', 'another key');
  await subject.handle.executeUpdate(detachUpdate, { args: [{ databaseId, taskId: newId() }] });
  await bench.untilFree(subject, databaseId);
  expect((await bench.status(subject)).attached).toEqual([databaseId]);
});

test('an attach that fails before the first backup leaves the database unattached, and it can be tried again', async () => {
  const { world, ...bench } = benchOf();
  const subject = await bench.startPolicy();
  world.before.armPitr = refuse('layout-not-supported', 'archive_command is in use');
  const databaseId = await bench.attach(subject);
  expect((await bench.status(subject)).attached).toEqual([]);
  delete world.before.armPitr;
  await subject.handle.executeUpdate(attachUpdate, { args: [{ databaseId, taskId: newId() }] });
  await bench.untilFree(subject, databaseId);
  expect((await bench.status(subject)).attached).toEqual([databaseId]);
});

test('an attach whose first backup fails leaves the database attached', async () => {
  const { world, ...bench } = benchOf();
  const subject = await bench.startPolicy();
  world.before.runBackup = refuse('store-permission-missing', 's3:PutObject');
  const databaseId = await bench.attach(subject);
  expect((await bench.status(subject)).attached).toEqual([databaseId]);
  expect([...world.tasks.values()]).toEqual([
    expect.objectContaining({ status: 'failed', failure: { code: 'store-permission-missing', message: 's3:PutObject' } }),
  ]);
  await bench.until('people are told', () => world.calls.some(({ name }) => name === 'sendNotice'));
});

test('what finds the lock of a database taken by a stranger does not run: a slot is recorded as skipped, a manual backup fails', async () => {
  const { world, env, ...bench } = benchOf();
  const databaseId = newId();
  const { schedule, firstFull } = dailyFrom(await env.currentTimeMs(), 1.5);
  const subject = await bench.startPolicy({ schedule, attached: [databaseId] });
  world.before.checkDatabase = takeLong('9 hours');
  await env.client.workflow.start('checkDatabase', {
    workflowId: databaseWorkflowId(databaseId),
    taskQueue,
    args: [{ databaseId, taskId: newId() }],
  });
  const taskId = await bench.backUp(subject, databaseId);
  await bench.until('the task has failed', () => world.tasks.get(taskId)?.status === 'failed');
  expect(world.tasks.get(taskId)?.failure).toEqual({ code: 'database-busy', message: 'another operation is running on the database' });
  await env.sleep(2 * HOUR);
  expect(world.skips).toEqual([{ databaseId, kind: 'full', slotAt: firstFull, reason: 'another operation is running on the database' }]);
});

test('a late report of a former operation does not free the database from the present one', async () => {
  const { world, ...bench } = benchOf();
  const subject = await bench.startPolicy();
  const databaseId = await bench.attach(subject);
  world.before.runBackup = takeLong('5 hours');
  await bench.backUp(subject, databaseId);
  await subject.handle.signal(operationEndedSignal, {
    databaseId,
    taskId: newId(),
    kind: 'backup',
    databaseName: 'orders-db',
    attached: true,
  });
  expect((await bench.status(subject)).busy).toEqual({ [databaseId]: 'backup' });
});

test('the workflow of a policy whose row has vanished ends', async () => {
  const { world, ...bench } = benchOf();
  const { policyId, handle } = await bench.startPolicy();
  world.policies.delete(policyId);
  await handle.executeUpdate(editUpdate, { args: [{ reachesHosts: false }] });
  await bench.until('the workflow has ended', async () => (await handle.describe()).status.name === 'COMPLETED');
});

test('a policy outlives bookkeeping that fails for good, and tries it again', async () => {
  const { world, env, ...bench } = benchOf();
  const databaseId = newId();
  const { schedule, firstFull } = dailyFrom(await env.currentTimeMs(), 1.5);
  world.store.probe = { ok: false, steps: [{ name: 'list', ok: false, message: 'refused' }] };
  const subject = await bench.startPolicy({ schedule, attached: [databaseId] });
  world.before.recordSkip = refuse('internal', 'a broken row');
  await env.sleep(2 * HOUR);
  expect(world.skips).toEqual([]);
  delete world.before.recordSkip;
  await env.sleep(10 * 60_000);
  expect(world.skips).toEqual([{ databaseId, kind: 'full', slotAt: firstFull, reason: 'the policy is in status error: list: refused' }]);
  expect((await bench.status(subject)).status).toBe('error');
});
