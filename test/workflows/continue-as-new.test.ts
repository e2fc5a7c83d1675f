import { expect, test } from 'vitest';
import { useBench } from './use-bench.ts';
import { createGate, newId } from './world.ts';

const benchOf = useBench('temporal');

test('continuing as new under load loses neither an update, a running operation nor a report', async () => {
  const { world, ...bench } = benchOf();
  const databaseIds = Array.from({ length: 12 }, newId);
  const gate = createGate();
  world.before.runBackup = gate.wait;
  const subject = await bench.startPolicy({ attached: databaseIds, maxEvents: 30 });
  const firstRunId = (await subject.handle.describe()).runId;
  const taskIds = await Promise.all(databaseIds.map((databaseId) => bench.backUp(subject, databaseId)));
  await bench.until('all backups run', () => taskIds.every((taskId) => world.tasks.get(taskId)?.status === 'running'));
  await bench.until('a new run began', async () => (await subject.handle.describe()).runId !== firstRunId);
  expect(Object.keys((await bench.status(subject)).busy).toSorted()).toEqual(databaseIds.toSorted());
  gate.open();
  for (const databaseId of databaseIds) await bench.untilFree(subject, databaseId);
  await bench.until('every task has ended', () => taskIds.every((taskId) => world.tasks.get(taskId)?.status !== 'running'));
  expect(taskIds.map((taskId) => world.tasks.get(taskId)?.status)).toEqual(databaseIds.map(() => 'completed'));
  expect(await bench.status(subject)).toMatchObject({ status: 'active', busy: {}, attached: databaseIds });
});

test('work goes on through one continuation after the other', async () => {
  const { world, ...bench } = benchOf();
  const subject = await bench.startPolicy({ maxEvents: 20 });
  const databaseId = await bench.attach(subject);
  for (let turn = 0; turn < 10; turn += 1) {
    await bench.backUp(subject, databaseId);
    await bench.untilFree(subject, databaseId);
  }
  await bench.until('the last task has ended', () => [...world.tasks.values()].every(({ status }) => status !== 'running'));
  expect([...world.backups.values()].map(({ status }) => status)).toEqual(Array.from({ length: 11 }, () => 'completed'));
  expect([...world.tasks.values()].map(({ status }) => status)).toEqual(Array.from({ length: 11 }, () => 'completed'));
});
