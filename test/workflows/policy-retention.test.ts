import { expect, test } from 'vitest';
import { deleteBackupUpdate } from '#workflows/messages.ts';
import { type Bench, dailyFrom } from './bench.ts';
import { useBench } from './use-bench.ts';
import { newId, refuse, takeLong } from './world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const benchOf = useBench();

const retained = ({ world }: Bench, databaseId: string): number =>
  world.calls.filter(({ name, input }) => name === 'markExpired' && input.databaseId === databaseId).length;

test('every attached database is gone through once a day, also while the policy is paused', async () => {
  const bench = benchOf();
  const { schedule } = dailyFrom(await bench.env.currentTimeMs(), 6.5);
  const databaseIds = [newId(), newId()];
  bench.world.before.runBackup = refuse('store-unreachable', 'no network');
  const subject = await bench.startPolicy({ schedule, attached: databaseIds });
  await bench.env.sleep(5 * DAY + HOUR);
  expect((await bench.status(subject)).status).toBe('paused');
  expect(databaseIds.map((databaseId) => retained(bench, databaseId))).toEqual([5, 5]);
  expect([...bench.world.tasks.values()].filter(({ kind }) => kind === 'retention').map(({ status }) => status)).toEqual(
    Array.from({ length: 10 }, () => 'completed'),
  );
});

test('a slot that finds retention in its way waits for it, and is not skipped', async () => {
  const bench = benchOf();
  const { schedule, firstFull } = dailyFrom(await bench.env.currentTimeMs(), 25);
  const databaseId = newId();
  bench.world.before.removeDeleted = takeLong('3 hours');
  await bench.startPolicy({ schedule: { ...schedule, incrementalHours: 0 }, attached: [databaseId] });
  await bench.env.sleep(24.5 * HOUR);
  expect(retained(bench, databaseId)).toBe(1);
  await bench.env.sleep(4 * HOUR);
  expect(bench.world.skips).toEqual([]);
  const backups = [...bench.world.backups.values()].filter((backup) => backup.databaseId === databaseId);
  // the first one an hour after the beginning, before any retention
  expect(backups.map(({ status }) => status)).toEqual(['completed', 'completed']);
  expect(backups[0]?.beganAt).toBeLessThan(firstFull - 23 * HOUR);
  expect(backups[1]?.beganAt).toBeGreaterThan(firstFull + HOUR);
});

test('retention that finds a backup running waits for its end', async () => {
  const bench = benchOf();
  const { schedule } = dailyFrom(await bench.env.currentTimeMs(), 23.5);
  const databaseId = newId();
  bench.world.before.runBackup = takeLong('4 hours');
  await bench.startPolicy({ schedule: { ...schedule, incrementalHours: 0 }, attached: [databaseId] });
  await bench.env.sleep(26 * HOUR);
  expect(retained(bench, databaseId)).toBe(0);
  await bench.env.sleep(2 * HOUR);
  expect(retained(bench, databaseId)).toBe(1);
});

test('a deletion holds the database like every other operation', async () => {
  const bench = benchOf();
  const subject = await bench.startPolicy();
  const databaseId = await bench.attach(subject);
  bench.world.before.removeDeleted = takeLong('1 hours');
  const operation = { databaseId, taskId: newId(), backupId: newId() };
  await subject.handle.executeUpdate(deleteBackupUpdate, { args: [operation] });
  await expect(bench.backUp(subject, databaseId)).rejects.toMatchObject({
    cause: { message: `a deletion is running on database ${databaseId}` },
  });
  await bench.env.sleep(2 * HOUR);
  expect(bench.world.tasks.get(operation.taskId)).toMatchObject({ kind: 'delete', status: 'completed' });
});
