import { expect, test } from 'vitest';
import { attachUpdate, editUpdate } from '#workflows/messages.ts';
import { dailyFrom } from './bench.ts';
import { useBench } from './use-bench.ts';
import { createGate, newId, refuse } from './world.ts';

const HOUR = 3_600_000;
const benchOf = useBench();

test('an edit reaches a database that was being attached, and a host that could not be told is told before its next backup', async () => {
  const bench = benchOf();
  const { schedule } = dailyFrom(await bench.env.currentTimeMs(), 1.5);
  const subject = await bench.startPolicy({ schedule });
  const gate = createGate();
  bench.world.before.runBackup = gate.wait;
  bench.world.before.prepareHost = () => {
    if ([...bench.world.tasks.values()].some(({ kind }) => kind === 'configure')) refuse('host-unreachable', 'it is away')();
  };
  const databaseId = newId();
  await subject.handle.executeUpdate(attachUpdate, { args: [{ databaseId, taskId: newId() }] });
  await subject.handle.executeUpdate(editUpdate, { args: [{ reachesHosts: true }] });
  gate.open();
  const tasks = () => [...bench.world.tasks.values()].map(({ kind, status }) => `${kind} ${status}`);
  await bench.until('the host was not told', () => tasks().includes('configure failed'));
  expect(tasks()).toEqual(['attach completed', 'configure failed']);
  delete bench.world.before.prepareHost;
  await bench.env.sleep(2 * HOUR);
  expect(tasks()).toEqual(['attach completed', 'configure failed', 'configure completed', 'backup completed']);
  await bench.env.sleep(12 * HOUR);
  expect(tasks().filter((task) => task.startsWith('configure'))).toHaveLength(2);
});

test('an edit without its argument is taken; what was written but never told is read with the daily retention', async () => {
  const bench = benchOf();
  const { schedule } = dailyFrom(await bench.env.currentTimeMs(), 30);
  const subject = await bench.startPolicy({ schedule, attached: [newId()] });
  await subject.handle.executeUpdate('edit', { args: [] });
  await bench.until('the store is probed', async () => (await bench.status(subject)).status === 'active');
  const policy = bench.world.policies.get(subject.policyId);
  if (policy !== undefined) policy.schedule = dailyFrom(await bench.env.currentTimeMs(), 40).schedule;
  await bench.env.sleep(25 * HOUR);
  const { nextSlots } = await bench.status(subject);
  expect(new Date(nextSlots.find(({ kind }) => kind === 'full')?.at ?? 0).toISOString().slice(11, 16)).toBe(policy?.schedule.fullTime);
});

test('a backup that is refused because the host knows another encryption has it told before the next one', async () => {
  const bench = benchOf();
  const { schedule } = dailyFrom(await bench.env.currentTimeMs(), 1.5);
  await bench.startPolicy({ schedule, attached: [newId()] });
  const refuseIt = refuse('encryption-not-switched', 'the host still archives without it');
  bench.world.before.planBackup = () => {
    delete bench.world.before.planBackup;
    refuseIt();
  };
  await bench.env.sleep(8 * HOUR);
  expect([...bench.world.tasks.values()].map(({ kind, status }) => `${kind} ${status}`)).toEqual([
    'backup failed',
    'configure completed',
    'backup completed',
  ]);
});
