import { expect, test } from 'vitest';
import { logsWorkflowId } from '#domain/names.ts';
import { detachUpdate, editUpdate, restoreUpdate, retryPitrUpdate } from '#workflows/messages.ts';
import { type Bench, dailyFrom } from './bench.ts';
import { useBench } from './use-bench.ts';
import { newId, refuse, takeLong } from './world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const benchOf = useBench();

const archived = ({ world }: Bench, databaseId: string): number =>
  world.calls.filter(({ name, input }) => name === 'checkLogs' && input.databaseId === databaseId).length;

const told = ({ world }: Bench) => world.calls.flatMap(({ name, input }) => (name === 'recordNotice' ? [input] : []));

/** No slot comes for a day. */
async function quiet({ env }: Bench) {
  return { schedule: { ...dailyFrom(await env.currentTimeMs(), 23.5).schedule, incrementalHours: 0 as const } };
}

test('logs are archived every few minutes, whatever the backups do and whether or not the policy is paused', async () => {
  const bench = benchOf();
  const databaseId = newId();
  bench.world.before.runBackup = takeLong('5 hours');
  const subject = await bench.startPolicy({ ...(await quiet(bench)), attached: [databaseId], logMinutes: 5 });
  await bench.backUp(subject, databaseId);
  await subject.handle.signal('pause');
  await bench.env.sleep(2 * HOUR + MINUTE);
  expect(archived(bench, databaseId)).toBe(24);
  expect((await bench.status(subject)).busy).toEqual({ [databaseId]: 'backup' });
  expect((await bench.status(subject)).status).toBe('paused');
  await bench.env.sleep(4 * HOUR);
});

test('a restore keeps the archiving of logs out, and lets one that runs end first', async () => {
  const bench = benchOf();
  const databaseId = newId();
  const subject = await bench.startPolicy({ ...(await quiet(bench)), attached: [databaseId], logMinutes: 5 });
  bench.world.before.checkLogs = takeLong('1 hours');
  await bench.env.sleep(6 * MINUTE);
  bench.world.before.buildRestore = takeLong('3 hours');
  const taskId = newId();
  await subject.handle.executeUpdate(restoreUpdate, { args: [{ databaseId, taskId, restoreId: newId() }] });
  await bench.env.sleep(30 * MINUTE);
  expect(bench.world.tasks.get(taskId)).toBeUndefined();
  await bench.env.sleep(HOUR);
  expect(bench.world.tasks.get(taskId)?.status).toBe('running');
  delete bench.world.before.checkLogs;
  await bench.env.sleep(HOUR);
  expect(archived(bench, databaseId)).toBe(1);
  await bench.env.sleep(2 * HOUR);
  expect(bench.world.tasks.get(taskId)?.status).toBe('completed');
  // the restore's own, and those that follow
  expect(archived(bench, databaseId)).toBeGreaterThan(6);
});

test('a gap is told once and asks for a full', async () => {
  const bench = benchOf();
  const databaseId = newId();
  const subject = await bench.startPolicy({ ...(await quiet(bench)), attached: [databaseId], logMinutes: 15 });
  const words = ['log 7 was purged'];
  bench.world.answers.checkLogs = { open: words, found: words };
  bench.world.before.checkLogs = () => {
    if (archived(bench, databaseId) > 1) bench.world.answers.checkLogs = { open: words, found: [] };
  };
  await bench.env.sleep(2 * HOUR);
  expect(told(bench).map(({ kind, message }) => [kind, message])).toEqual([['pitr-gap', 'log 7 was purged']]);
  const backups = [...bench.world.backups.values()];
  expect(backups.map(({ kind, status }) => [kind, status])).toEqual([['full', 'completed']]);
  expect((await bench.status(subject)).status).toBe('active');
});

test('logs that cannot be archived are told when that begins, and again only after they could be', async () => {
  const bench = benchOf();
  const databaseId = newId();
  await bench.startPolicy({ ...(await quiet(bench)), attached: [databaseId], logMinutes: 15 });
  bench.world.before.checkLogs = refuse('archiving-stalled', 'WAL 000A waits');
  await bench.env.sleep(2 * HOUR + MINUTE);
  expect(told(bench)).toMatchObject([{ kind: 'pitr-gap', code: 'archiving-stalled', message: 'logs are not archived: WAL 000A waits' }]);
  delete bench.world.before.checkLogs;
  await bench.env.sleep(HOUR);
  bench.world.before.checkLogs = refuse('archiving-stalled', 'again');
  await bench.env.sleep(HOUR);
  expect(told(bench)).toHaveLength(2);
  expect(bench.world.backups.size).toBe(0);
});

test('an edit that hosts have to hear of reaches every attached database, once the store is good', async () => {
  const bench = benchOf();
  const databaseIds = [newId(), newId()];
  const subject = await bench.startPolicy({ ...(await quiet(bench)), attached: databaseIds, logMinutes: 60 });
  bench.world.calls.length = 0;
  bench.world.store.probe = { ok: false, steps: [{ name: 'put', ok: false, message: 's3:PutObject is missing' }] };
  await subject.handle.executeUpdate(editUpdate, { args: [{ reachesHosts: true }] });
  await bench.env.sleep(10 * MINUTE);
  const configured = () =>
    databaseIds.map((id) =>
      bench.world.calls.flatMap(({ name, input }) => ('databaseId' in input && input.databaseId === id ? [name] : [])),
    );
  expect(configured()).toEqual([[], []]);
  bench.world.store.probe = { ok: true, steps: [] };
  bench.world.answers.planConfiguration = { needsFull: true };
  await subject.handle.executeUpdate(editUpdate, { args: [{ reachesHosts: false }] });
  await bench.env.sleep(10 * MINUTE);
  const words = ['planConfiguration', 'prepareHost', 'armPitr', 'checkLogs', 'planBackup', 'runBackup', 'checkLogs'];
  expect(configured().map((did) => did.filter((name) => name !== 'beginTask'))).toEqual([words, words]);
});

test('Retry PITR Configuration takes a full only where one is needed', async () => {
  const bench = benchOf();
  const databaseId = newId();
  const subject = await bench.startPolicy({ ...(await quiet(bench)), attached: [databaseId], logMinutes: 60 });
  const retry = async (): Promise<string[]> => {
    bench.world.calls.length = 0;
    await subject.handle.executeUpdate(retryPitrUpdate, { args: [{ databaseId, taskId: newId() }] });
    await bench.untilFree(subject, databaseId);
    return bench.world.calls.map(({ name }) => name).filter((name) => ['armPitr', 'checkLogs', 'runBackup'].includes(name));
  };
  expect(await retry()).toEqual(['armPitr', 'checkLogs']);
  bench.world.answers.checkLogs = { open: ['a hole'], found: [] };
  expect(await retry()).toEqual(['armPitr', 'checkLogs', 'runBackup', 'checkLogs']);
});

test('an archiving of logs that was terminated holds nobody up for long', async () => {
  const bench = benchOf();
  const databaseId = newId();
  const subject = await bench.startPolicy({ ...(await quiet(bench)), attached: [databaseId], logMinutes: 5 });
  bench.world.before.checkLogs = takeLong('2 hours');
  await bench.env.sleep(6 * MINUTE);
  const taskId = newId();
  await subject.handle.executeUpdate(detachUpdate, { args: [{ databaseId, taskId }] });
  await bench.env.client.workflow.getHandle(logsWorkflowId(databaseId)).terminate('by an operator');
  await bench.env.sleep(11 * MINUTE);
  expect(bench.world.tasks.get(taskId)?.status).toBe('completed');
});
