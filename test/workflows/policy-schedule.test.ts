import { expect, test } from 'vitest';
import type { Schedule } from '#domain/schedule.ts';
import { weekdays } from '#domain/states.ts';
import { editUpdate, restoreUpdate } from '#workflows/messages.ts';
import { type Bench, dailyFrom } from './bench.ts';
import { useBench } from './use-bench.ts';
import { newId, takeLong } from './world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const benchOf = useBench();

/** "full 2026-11-23T02:00" for every backup of the database, in the order in which they began; to the minute. */
function backupsOf({ world }: Bench, databaseId: string): string[] {
  const backups = [...world.backups.values()].filter((backup) => backup.databaseId === databaseId && backup.status === 'completed');
  return backups.map(({ kind, beganAt }) => told(kind, beganAt));
}

function told(kind: string, at: number): string {
  return `${kind} ${new Date(at).toISOString().slice(0, 16)}`;
}

test('two weeks of daily fulls and incrementals run every slot once, in order, and nothing else', async () => {
  const bench = benchOf();
  const { schedule, firstFull } = dailyFrom(await bench.env.currentTimeMs(), 6.5);
  const subject = await bench.startPolicy({ schedule });
  const databaseId = await bench.attach(subject);
  await bench.env.sleep(14 * DAY);
  const slots = Array.from({ length: 14 * 4 }, (_, index) =>
    told(index % 4 === 1 ? 'full' : 'incremental', firstFull + (index - 1) * 6 * HOUR),
  );
  expect(backupsOf(bench, databaseId).slice(1)).toEqual(slots);
  expect(bench.world.skips).toEqual([]);
});

test('a policy runs by its own delay after each slot, and shows the slot itself', async () => {
  const bench = benchOf();
  const { schedule, firstFull } = dailyFrom(await bench.env.currentTimeMs(), 2.5);
  const subject = await bench.startPolicy({ schedule, attached: ['spread-db'], spreadMs: 4 * 60_000 });
  expect((await bench.status(subject)).nextSlots[0]).toEqual({ kind: 'full', at: firstFull });
  await bench.env.sleep(2.5 * HOUR + 2 * 60_000);
  expect(backupsOf(bench, 'spread-db')).toEqual([]);
  await bench.env.sleep(14 * HOUR);
  const delayed = (kind: string, hours: number) => told(kind, firstFull + hours * HOUR + 4 * 60_000);
  expect(backupsOf(bench, 'spread-db')).toEqual([delayed('full', 0), delayed('incremental', 6), delayed('incremental', 12)]);
});

test('four weeks of weekly fulls, without incrementals, run four fulls', async () => {
  const bench = benchOf();
  const firstFull = Math.floor(((await bench.env.currentTimeMs()) + 5 * DAY) / 60_000) * 60_000;
  const first = new Date(firstFull);
  const schedule: Schedule = {
    fullFrequency: 'weekly',
    fullTime: first.toISOString().slice(11, 16),
    fullDay: weekdays[first.getUTCDay()] ?? 'sunday',
    incrementalHours: 0,
  };
  const { policyId } = await bench.startPolicy({ schedule, attached: ['weekly-db'] });
  const policy = bench.world.policies.get(policyId);
  await bench.until('the policy is shown as active', () => policy?.mirrored?.status === 'active');
  expect(policy?.mirrored).toEqual({
    status: 'active',
    lastError: null,
    consecutiveFailures: 0,
    nextFullAt: firstFull,
    nextIncrementalAt: null,
  });
  await bench.env.sleep(28 * DAY);
  expect(backupsOf(bench, 'weekly-db')).toEqual([0, 7, 14, 21].map((days) => told('full', firstFull + days * DAY)));
});

/** While a workflow task waits for its worker the test server does not skip time, so not the worker but the catalogue is away. */
test.each([
  { missed: 'several days of slots', away: '80 hours', firstSlotAfter: 6.5, made: 'full' },
  { missed: 'incrementals', away: '14 hours', firstSlotAfter: 23.5, made: 'incremental' },
] as const)('$missed that passed while nothing could be done collapse into one $made', async ({ away, firstSlotAfter, made }) => {
  const bench = benchOf();
  const start = await bench.env.currentTimeMs();
  const { schedule, firstFull } = dailyFrom(start, firstSlotAfter);
  const { handle } = await bench.startPolicy({ schedule, attached: ['missed-db'] });
  const goAway = takeLong(away);
  bench.world.before.loadPolicy = () => {
    delete bench.world.before.loadPolicy;
    goAway();
  };
  await handle.executeUpdate(editUpdate, { args: [{ reachesHosts: false }] });
  const back = start + Number.parseInt(away) * HOUR;
  await bench.env.sleep(back - start + 6 * HOUR);
  const next = Array.from({ length: 20 }, (_, index) => firstFull + (index - 4) * 6 * HOUR).find((at) => at > back) ?? 0;
  const ran = backupsOf(bench, 'missed-db');
  expect(ran).toEqual([expect.stringMatching(new RegExp(`^${made}`)), expect.stringContaining(told('', next).trim())]);
  expect(bench.world.skips).toEqual([]);
});

test('a slot that finds a restore running is skipped and recorded with the reason; the next one runs', async () => {
  const bench = benchOf();
  const { schedule, firstFull } = dailyFrom(await bench.env.currentTimeMs(), 1.5);
  bench.world.before.buildRestore = takeLong('4 hours');
  const { handle } = await bench.startPolicy({ schedule, attached: ['restored-db'] });
  await handle.executeUpdate(restoreUpdate, { args: [{ databaseId: 'restored-db', taskId: newId(), restoreId: newId() }] });
  await bench.env.sleep(10 * HOUR);
  expect(bench.world.skips).toEqual([{ databaseId: 'restored-db', kind: 'full', slotAt: firstFull, reason: 'a restore is running' }]);
  expect(backupsOf(bench, 'restored-db')).toEqual([expect.stringMatching(/^full/), told('incremental', firstFull + 6 * HOUR)]);
});

test('an edited schedule takes effect at once, and its past slots are not made up for', async () => {
  const bench = benchOf();
  const now = await bench.env.currentTimeMs();
  const before = dailyFrom(now, 20.5);
  const after = dailyFrom(now, 2.5);
  const subject = await bench.startPolicy({ schedule: { ...before.schedule, incrementalHours: 0 }, attached: ['edited-db'] });
  await bench.env.sleep(1 * HOUR);
  const policy = bench.world.policies.get(subject.policyId);
  if (policy !== undefined) policy.schedule = { ...after.schedule, incrementalHours: 0 };
  await subject.handle.executeUpdate(editUpdate, { args: [{ reachesHosts: false }] });
  await bench.until('the store is probed', async () => (await bench.status(subject)).status === 'active');
  expect((await bench.status(subject)).nextSlots[0]).toEqual({ kind: 'full', at: after.firstFull });
  await bench.env.sleep(23 * HOUR);
  expect(backupsOf(bench, 'edited-db')).toEqual([told('full', after.firstFull)]);
});

test('a slot that falls due while the store is being probed waits for the finding', async () => {
  const bench = benchOf();
  const { schedule, firstFull } = dailyFrom(await bench.env.currentTimeMs(), 1.5);
  const { handle } = await bench.startPolicy({ schedule, attached: ['validating-db'] });
  bench.world.before.probePolicyStore = takeLong('3 hours');
  await handle.executeUpdate(editUpdate, { args: [{ reachesHosts: false }] });
  await bench.env.sleep(2 * HOUR);
  expect(backupsOf(bench, 'validating-db')).toEqual([]);
  await bench.env.sleep(2 * HOUR);
  const [backup, ...others] = [...bench.world.backups.values()];
  expect([backup?.kind, others]).toEqual(['full', []]);
  expect(backup?.beganAt).toBeGreaterThan(firstFull + 1.5 * HOUR);
  expect(bench.world.skips).toEqual([]);
});

test('slots of a policy whose store fails are recorded as skipped with the finding, until an edit mends it', async () => {
  const bench = benchOf();
  const { schedule, firstFull } = dailyFrom(await bench.env.currentTimeMs(), 1.5);
  bench.world.store.probe = {
    ok: false,
    steps: [
      { name: 'connect', ok: true },
      { name: 'put', ok: false, message: 's3:PutObject is missing' },
    ],
  };
  const subject = await bench.startPolicy({ schedule, attached: ['unready-db'] });
  await bench.env.sleep(2 * HOUR);
  expect(bench.world.skips).toEqual([
    { databaseId: 'unready-db', kind: 'full', slotAt: firstFull, reason: 'the policy is in status error: put: s3:PutObject is missing' },
  ]);
  expect(bench.world.policies.get(subject.policyId)?.mirrored).toEqual({
    status: 'error',
    lastError: 'put: s3:PutObject is missing',
    consecutiveFailures: 0,
    nextFullAt: null,
    nextIncrementalAt: null,
  });
  bench.world.store.probe = { ok: true, steps: [] };
  await subject.handle.executeUpdate(editUpdate, { args: [{ reachesHosts: false }] });
  await bench.env.sleep(6 * HOUR);
  expect(backupsOf(bench, 'unready-db')).toEqual([told('incremental', firstFull + 6 * HOUR)]);
});
