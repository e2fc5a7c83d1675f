import { expect, test } from 'vitest';
import {
  editUpdate,
  manualBackupSignal,
  pauseSignal,
  resetFailuresSignal,
  resetFailuresUpdate,
  restoreUpdate,
  resumeSignal,
  retryPitrUpdate,
} from '#workflows/messages.ts';
import { type Bench, dailyFrom, type Subject } from './bench.ts';
import { useBench } from './use-bench.ts';
import { newId, refuse, takeLong } from './world.ts';

const HOUR = 3_600_000;
const benchOf = useBench();
const words = 'the S3 server cannot be reached';

/** A policy with one database, whose next full is in 1.5 hours and whose incrementals follow every six. */
async function startFailing(bench: Bench): Promise<{ subject: Subject; databaseId: string }> {
  const { schedule } = dailyFrom(await bench.env.currentTimeMs(), 1.5);
  const databaseId = newId();
  const subject = await bench.startPolicy({ schedule, attached: [databaseId] });
  bench.world.before.runBackup = refuse('store-unreachable', words);
  return { subject, databaseId };
}

const mirrored = ({ world }: Bench, { policyId }: Subject) => world.policies.get(policyId)?.mirrored;

test('three failed backups in a row pause the policy; no more slots run, each is recorded with the reason', async () => {
  const bench = benchOf();
  const { subject, databaseId } = await startFailing(bench);
  await bench.env.sleep(14 * HOUR);
  expect(await bench.status(subject)).toMatchObject({
    status: 'paused',
    consecutiveFailures: 3,
    lastError: `name of ${databaseId}: ${words}`,
  });
  expect(mirrored(bench, subject)).toMatchObject({ status: 'paused', consecutiveFailures: 3, nextFullAt: null, nextIncrementalAt: null });
  expect(bench.world.backups.size).toBe(3);
  await bench.env.sleep(12 * HOUR);
  expect(bench.world.backups.size).toBe(3);
  expect(bench.world.skips.map(({ reason }) => reason)).toEqual(
    Array.from({ length: 2 }, () => `the policy is in status paused: name of ${databaseId}: ${words}`),
  );
});

test('each failure is told once, and the pause once', async () => {
  const bench = benchOf();
  await startFailing(bench);
  bench.world.before.recordNotice = takeLong('1 hours');
  await bench.env.sleep(40 * HOUR);
  const told = bench.world.calls.flatMap(({ name, input }) => (name === 'recordNotice' ? [input] : []));
  expect(told.map(({ kind }) => kind).toSorted()).toEqual(['backup-failed', 'backup-failed', 'backup-failed', 'policy-paused']);
  expect(told.map(({ consecutive }) => consecutive)).toEqual([1, 2, 3, 3]);
  expect(new Set(told.map(({ event }) => event)).size).toBe(4);
  expect(told[0]).toMatchObject({ message: words, code: 'store-unreachable' });
  const sent = bench.world.calls.flatMap(({ name, input }) => (name === 'sendNotice' ? [input.event] : []));
  expect(sent.toSorted()).toEqual(told.map(({ event }) => event).toSorted());
});

test('the fulls of an attach, a restore and a configuration count as any backup', async () => {
  const bench = benchOf();
  const { world } = bench;
  const subject = await bench.startPolicy();
  world.before.runBackup = refuse('store-unreachable', words);
  world.answers.planConfiguration = { switchesEncryption: false, needsFull: true };
  const databaseId = await bench.attach(subject);
  expect(await bench.status(subject)).toMatchObject({ consecutiveFailures: 1, lastError: `name of ${databaseId}: ${words}` });
  const ask = {
    restore: () => subject.handle.executeUpdate(restoreUpdate, { args: [{ databaseId, taskId: newId(), restoreId: newId() }] }),
    configure: () => subject.handle.executeUpdate(retryPitrUpdate, { args: [{ databaseId, taskId: newId() }] }),
  };
  await ask.restore();
  await bench.untilFree(subject, databaseId);
  expect(await bench.status(subject)).toMatchObject({ status: 'active', consecutiveFailures: 2 });
  await ask.configure();
  await bench.untilFree(subject, databaseId);
  expect(await bench.status(subject)).toMatchObject({ status: 'paused', consecutiveFailures: 3 });
  const told = () => world.calls.flatMap(({ name, input }) => (name === 'recordNotice' ? [input] : []));
  await bench.until('all is told', () => world.calls.filter(({ name }) => name === 'sendNotice').length === 4);
  expect(told().map(({ kind }) => kind)).toEqual(expect.arrayContaining(['backup-failed', 'policy-paused']));
  expect(told()).toEqual(expect.arrayContaining([expect.objectContaining({ message: words, code: 'store-unreachable', consecutive: 1 })]));
  delete world.before.runBackup;
  await ask.restore();
  await bench.untilFree(subject, databaseId);
  expect(await bench.status(subject)).toMatchObject({ status: 'active', consecutiveFailures: 0, lastError: null });
});

test('an attach that came to no backup does not count as a failed one', async () => {
  const bench = benchOf();
  const subject = await bench.startPolicy();
  bench.world.before.armPitr = refuse('archiving-in-use', 'somebody archives already');
  await bench.attach(subject);
  expect(await bench.status(subject)).toMatchObject({ consecutiveFailures: 0, lastError: null });
});

test('a backup that was read elsewhere than the one before is told once', async () => {
  const bench = benchOf();
  const databaseId = newId();
  const subject = await bench.startPolicy({ attached: [databaseId] });
  bench.world.answers.runBackup = { storedBytes: 1, sourceChange: 'read from the replica now' };
  await bench.backUp(subject, databaseId);
  await bench.untilFree(subject, databaseId);
  bench.world.answers.runBackup = { storedBytes: 1 };
  await bench.backUp(subject, databaseId);
  await bench.untilFree(subject, databaseId);
  const told = bench.world.calls.flatMap(({ name, input }) => (name === 'recordNotice' ? [input] : []));
  expect(told).toMatchObject([{ kind: 'source-changed', message: 'read from the replica now', databaseId }]);
});

test('a manual backup is allowed while paused, and one that goes well makes the policy active again', async () => {
  const bench = benchOf();
  const { subject, databaseId } = await startFailing(bench);
  await bench.env.sleep(14 * HOUR);
  await bench.backUp(subject, databaseId);
  await bench.untilFree(subject, databaseId);
  expect(await bench.status(subject)).toMatchObject({ status: 'paused', consecutiveFailures: 4 });
  delete bench.world.before.runBackup;
  await bench.backUp(subject, databaseId);
  await bench.untilFree(subject, databaseId);
  expect(await bench.status(subject)).toMatchObject({ status: 'active', consecutiveFailures: 0, lastError: null });
  await bench.env.sleep(12 * HOUR);
  expect(bench.world.backups.size).toBeGreaterThan(6);
});

test.each(['update', 'signal', 'resume'] as const)('resetting the failures (%s) probes the store and goes on', async (how) => {
  const bench = benchOf();
  const { subject } = await startFailing(bench);
  await bench.env.sleep(14 * HOUR);
  bench.world.store.probe = { ok: false, steps: [{ name: 'list', ok: false, message: 'refused' }] };
  const reset = async (): Promise<void> => {
    if (how === 'update') await subject.handle.executeUpdate(resetFailuresUpdate);
    else await subject.handle.signal(how === 'signal' ? resetFailuresSignal : resumeSignal);
    await bench.until('the store is probed', async () => !['validating', 'paused'].includes((await bench.status(subject)).status));
  };
  await reset();
  expect(await bench.status(subject)).toMatchObject({ status: 'error', consecutiveFailures: 0, lastError: 'list: refused' });
  bench.world.store.probe = { ok: true, steps: [] };
  await reset();
  expect(await bench.status(subject)).toMatchObject({ status: 'active', consecutiveFailures: 0, lastError: null });
});

test('an edit probes the store and leaves a paused policy paused', async () => {
  const bench = benchOf();
  const { subject } = await startFailing(bench);
  await bench.env.sleep(14 * HOUR);
  await subject.handle.executeUpdate(editUpdate, { args: [{ reachesHosts: false }] });
  await bench.until('the store is probed', async () => (await bench.status(subject)).status !== 'validating');
  expect(await bench.status(subject)).toMatchObject({ status: 'paused', consecutiveFailures: 3 });
});

test('an operator pauses, resumes, and has everything backed up that is not busy', async () => {
  const bench = benchOf();
  const { schedule } = dailyFrom(await bench.env.currentTimeMs(), 1.5);
  const databaseIds = [newId(), newId()];
  const subject = await bench.startPolicy({ schedule, attached: databaseIds });
  await subject.handle.signal(pauseSignal);
  await bench.until('it is paused', async () => (await bench.status(subject)).status === 'paused');
  expect(await bench.status(subject)).toMatchObject({ lastError: 'paused by an operator', consecutiveFailures: 0 });
  await bench.env.sleep(2 * HOUR);
  expect(bench.world.backups.size).toBe(0);
  await subject.handle.signal(resumeSignal);
  await bench.until('it is active', async () => (await bench.status(subject)).status === 'active');
  await subject.handle.signal(manualBackupSignal, undefined);
  await bench.until('both have been backed up', () => bench.world.backups.size === 2);
  for (const databaseId of databaseIds) await bench.untilFree(subject, databaseId);
  await subject.handle.signal(manualBackupSignal, { databaseId: databaseIds[0] ?? '' });
  await bench.until('one more', () => bench.world.backups.size === 3);
  await bench.untilFree(subject, databaseIds[0] ?? '');
});
