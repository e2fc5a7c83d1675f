import { expect, test } from 'vitest';
import { databaseWorkflowId, logsWorkflowId } from '#domain/names.ts';
import { detachUpdate, editUpdate, restoreUpdate, retryPitrUpdate } from '#workflows/messages.ts';
import type { Bench, Subject } from './bench.ts';
import { useBench } from './use-bench.ts';
import { createGate, isRunning, newId, refuse } from './world.ts';

/* On the real server and in real time: an interval of `logMinutes` is a fraction of a second here. */
const benchOf = useBench('temporal');
const often = 0.01;

const archived = ({ world }: Bench, databaseId: string): number =>
  world.calls.filter(({ name, input }) => name === 'checkLogs' && input.databaseId === databaseId).length;

const told = ({ world }: Bench) => world.calls.flatMap(({ name, input }) => (name === 'recordNotice' ? [input] : []));

async function untilArchived(bench: Bench, databaseId: string, times: number): Promise<void> {
  const before = archived(bench, databaseId);
  await bench.until(`logs are archived ${times} times more`, () => archived(bench, databaseId) >= before + times);
}

/** Detaches everything, so that no clock goes on. */
async function end(bench: Bench, subject: Subject, ...databaseIds: string[]): Promise<void> {
  for (const databaseId of databaseIds) {
    await bench.untilFree(subject, databaseId);
    await subject.handle.executeUpdate(detachUpdate, { args: [{ databaseId, taskId: newId() }] });
    await bench.untilFree(subject, databaseId);
    await bench.until('nothing runs', async () => !(await isRunning(bench.env.client.workflow, databaseWorkflowId(databaseId))));
  }
}

test('logs go on being archived, whatever the backups do, while the policy is paused, and from one run of it to the next', async () => {
  const bench = benchOf();
  const [first, second] = [newId(), newId()];
  const gate = createGate();
  bench.world.before.runBackup = gate.wait;
  const subject = await bench.startPolicy({ attached: [first, second], logMinutes: often, maxEvents: 60 });
  const { runId } = await subject.handle.describe();
  await bench.backUp(subject, first);
  await subject.handle.signal('pause');
  await bench.until('a new run began', async () => (await subject.handle.describe()).runId !== runId);
  for (const databaseId of [first, second]) await untilArchived(bench, databaseId, 5);
  expect(await bench.status(subject)).toMatchObject({ status: 'paused', busy: { [first]: 'backup' } });
  gate.open();
  await end(bench, subject, first, second);
});

test('a policy with so many databases that logs are always being archived begins new runs all the same', async () => {
  const bench = benchOf();
  const databaseIds = Array.from({ length: 6 }, newId);
  const subject = await bench.startPolicy({ attached: databaseIds, logMinutes: often / 8, maxEvents: 150 });
  const runIds = new Set<string>();
  await bench.until('another run began', async () => runIds.add((await subject.handle.describe()).runId).size === 2);
  for (const databaseId of databaseIds) await untilArchived(bench, databaseId, 1);
  await end(bench, subject, ...databaseIds);
});

test('logs that are due behind bookkeeping that fails for good wait for it, and are not asked for without a pause', async () => {
  const bench = benchOf();
  const databaseId = newId();
  const subject = await bench.startPolicy({ attached: [databaseId], logMinutes: often });
  bench.world.before.loadPolicy = refuse('internal', 'a broken row');
  await subject.handle.executeUpdate(editUpdate, { args: [{ reachesHosts: false }] });
  await bench.env.sleep(3_000);
  expect(bench.world.calls.filter(({ name }) => name === 'loadPolicy').length).toBeLessThan(5);
  delete bench.world.before.loadPolicy;
  await subject.handle.executeUpdate(editUpdate, { args: [{ reachesHosts: false }] });
  await untilArchived(bench, databaseId, 1);
  await end(bench, subject, databaseId);
});

test('a restore keeps the archiving of logs out, and lets one that runs end first', async () => {
  const bench = benchOf();
  const databaseId = newId();
  const [archiving, building] = [createGate(), createGate()];
  bench.world.before.checkLogs = archiving.wait;
  bench.world.before.buildRestore = building.wait;
  const subject = await bench.startPolicy({ attached: [databaseId], logMinutes: often });
  await bench.until('logs are being archived', () => archived(bench, databaseId) === 1);
  const taskId = newId();
  await subject.handle.executeUpdate(restoreUpdate, { args: [{ databaseId, taskId, restoreId: newId() }] });
  await bench.env.sleep(500);
  expect(bench.world.tasks.get(taskId)).toBeUndefined();
  archiving.open();
  await bench.until('the restore builds', () => bench.world.calls.some(({ name }) => name === 'buildRestore'));
  await bench.env.sleep(500);
  expect(archived(bench, databaseId)).toBe(1);
  building.open();
  await bench.until('the restore is done', () => bench.world.tasks.get(taskId)?.status === 'completed');
  await untilArchived(bench, databaseId, 2);
  await end(bench, subject, databaseId);
});

test('a gap is told once and asks for a full', async () => {
  const bench = benchOf();
  const databaseId = newId();
  const words = ['log 7 was purged'];
  bench.world.answers.checkLogs = { open: words, found: words };
  bench.world.before.checkLogs = () => {
    if (archived(bench, databaseId) > 1) bench.world.answers.checkLogs = { open: words, found: [] };
  };
  const subject = await bench.startPolicy({ attached: [databaseId], logMinutes: often });
  await bench.until('a full is taken', () => [...bench.world.backups.values()].some(({ status }) => status === 'completed'));
  await untilArchived(bench, databaseId, 5);
  expect(told(bench).map(({ kind, message }) => [kind, message])).toEqual([['pitr-gap', 'log 7 was purged']]);
  expect([...bench.world.backups.values()].map(({ kind }) => kind)).toEqual(['full']);
  await end(bench, subject, databaseId);
});

test('logs that cannot be archived are told when that begins, and again only after they could be', async () => {
  const bench = benchOf();
  const databaseId = newId();
  bench.world.before.checkLogs = refuse('archiving-stalled', 'WAL 000A waits');
  const subject = await bench.startPolicy({ attached: [databaseId], logMinutes: often });
  await untilArchived(bench, databaseId, 5);
  expect(told(bench)).toMatchObject([{ kind: 'pitr-gap', code: 'archiving-stalled', message: 'logs are not archived: WAL 000A waits' }]);
  delete bench.world.before.checkLogs;
  await untilArchived(bench, databaseId, 3);
  bench.world.before.checkLogs = refuse('archiving-stalled', 'again');
  await untilArchived(bench, databaseId, 5);
  expect(told(bench)).toHaveLength(2);
  expect(bench.world.backups.size).toBe(0);
  delete bench.world.before.checkLogs;
  await end(bench, subject, databaseId);
});

test('an archiving of logs that was terminated holds nobody up, and is nothing to tell of', async () => {
  const bench = benchOf();
  const databaseId = newId();
  const gate = createGate();
  bench.world.before.checkLogs = gate.wait;
  const subject = await bench.startPolicy({ attached: [databaseId], logMinutes: often });
  await bench.until('logs are being archived', () => isRunning(bench.env.client.workflow, logsWorkflowId(databaseId)));
  const taskId = newId();
  await subject.handle.executeUpdate(detachUpdate, { args: [{ databaseId, taskId }] });
  await bench.env.client.workflow.getHandle(logsWorkflowId(databaseId)).terminate('by an operator');
  gate.open();
  await bench.until('the database is detached', () => bench.world.tasks.get(taskId)?.status === 'completed');
  expect(told(bench)).toEqual([]);
});

test('an edit that hosts have to hear of reaches every attached database, once the store is good', async () => {
  const bench = benchOf();
  const databaseIds = [newId(), newId()];
  const subject = await bench.startPolicy({ attached: databaseIds });
  bench.world.calls.length = 0;
  bench.world.store.probe = { ok: false, steps: [{ name: 'put', ok: false, message: 's3:PutObject is missing' }] };
  await subject.handle.executeUpdate(editUpdate, { args: [{ reachesHosts: true }] });
  await bench.until('the store is refused', async () => (await bench.status(subject)).status === 'error');
  const configured = () =>
    databaseIds.map((id) =>
      bench.world.calls.flatMap(({ name, input }) => ('databaseId' in input && input.databaseId === id ? [name] : [])),
    );
  expect(configured()).toEqual([[], []]);
  bench.world.store.probe = { ok: true, steps: [] };
  bench.world.answers.planConfiguration = { switchesEncryption: true, needsFull: true };
  await subject.handle.executeUpdate(editUpdate, { args: [{ reachesHosts: false }] });
  await bench.until(
    'both are configured',
    () => [...bench.world.tasks.values()].filter(({ status }) => status === 'completed').length === 2,
  );
  const switched = ['checkLogs', 'switchEncryption', 'armPitr'];
  const words = ['planConfiguration', 'prepareHost', 'armPitr', ...switched, 'checkLogs', 'planBackup', 'runBackup', 'checkLogs'];
  expect(configured().map((did) => did.filter((name) => name !== 'beginTask'))).toEqual([words, words]);
});

test('Retry PITR Configuration takes a full only where one is needed', async () => {
  const bench = benchOf();
  const databaseId = newId();
  const subject = await bench.startPolicy({ attached: [databaseId] });
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
