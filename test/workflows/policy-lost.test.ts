import { expect, test } from 'vitest';
import { databaseWorkflowId } from '#domain/names.ts';
import { restoreUpdate } from '#workflows/messages.ts';
import { createMemory, type NotedOperation } from '#workflows/policy-state.ts';
import { terminateBackup } from './bench.ts';
import { useBench } from './use-bench.ts';
import { createGate, newId } from './world.ts';

// the test server does not tell a parent that its child was terminated
const benchOf = useBench('temporal');

test('an operation that was terminated is found at once, its task ends as failed, and its database is free again', async () => {
  const { world, ...bench } = benchOf();
  const subject = await bench.startPolicy();
  const databaseId = await bench.attach(subject);
  const { taskId, letGo } = await terminateBackup(benchOf(), subject, databaseId);
  expect(world.tasks.get(taskId)?.failure).toEqual({ code: 'operation-lost', message: 'the operation was terminated' });
  expect(await bench.status(subject)).toMatchObject({
    busy: {},
    attached: [databaseId],
    consecutiveFailures: 1,
    lastError: `name of ${databaseId}: the operation was terminated`,
  });
  const told = () => world.calls.flatMap(({ name, input }) => (name === 'recordNotice' ? [input] : []));
  await bench.until('a notice is written', () => told().length > 0);
  expect(told()).toMatchObject([{ kind: 'backup-failed', databaseId, event: `backup-failed-${taskId}` }]);
  letGo();
  await bench.backUp(subject, databaseId);
  await bench.untilFree(subject, databaseId);
  expect(await bench.status(subject)).toMatchObject({ consecutiveFailures: 0, lastError: null });
  expect(world.calls.filter(({ name }) => name === 'findLostOperations')).toHaveLength(1);
});

test.each([
  { step: 'buildRestore', failures: 0 },
  { step: 'runBackup', failures: 1 },
] as const)('a restore that was terminated in $step counts as $failures failed backups', async ({ step, failures }) => {
  const { world, env, ...bench } = benchOf();
  const subject = await bench.startPolicy();
  const databaseId = await bench.attach(subject);
  const gate = createGate();
  world.before[step] = gate.wait;
  const taskId = newId();
  await subject.handle.executeUpdate(restoreUpdate, { args: [{ databaseId, taskId, restoreId: newId() }] });
  await bench.until('the step is reached', () => world.calls.some(({ name, input }) => name === step && input.taskId === taskId));
  await env.client.workflow.getHandle(databaseWorkflowId(databaseId)).terminate('by an operator');
  await bench.until('the task has failed', () => world.tasks.get(taskId)?.status === 'failed');
  await bench.untilFree(subject, databaseId);
  expect(await bench.status(subject)).toMatchObject({ busy: {}, attached: [databaseId], consecutiveFailures: failures });
  gate.open();
});

test('what an earlier run of the policy began is looked after by the clock: freed where it is lost, left alone where it runs', async () => {
  const { world, env, ...bench } = benchOf();
  const [lost, running] = [newId(), newId()];
  const operations = [lost, running].map((databaseId): [string, NotedOperation] => [
    databaseId,
    { databaseId, taskId: newId(), work: { kind: 'backup', backupKind: 'full' }, started: true },
  ]);
  const runs = await env.client.workflow.start('checkDatabase', {
    workflowId: databaseWorkflowId(running),
    taskQueue: 'nobody-works-here',
    args: [],
  });
  const memory = { ...createMemory(Date.now()), operations: Object.fromEntries(operations), attached: [lost, running] };
  const subject = await bench.startPolicy({ attached: [lost, running], memory: { ...memory, lookedAt: Date.now() - 6 * 60_000 } });
  await bench.untilFree(subject, lost);
  expect(await bench.status(subject)).toMatchObject({ busy: { [running]: 'backup' }, consecutiveFailures: 1 });
  await bench.until('its task has ended', () => world.tasks.size > 0);
  expect([...world.tasks.values()]).toMatchObject([{ status: 'failed', failure: { code: 'operation-lost' } }]);
  expect(world.calls.filter(({ name }) => name === 'findLostOperations')).toHaveLength(1);
  await runs.terminate();
});
