/** Records a history of each path of the workflows: `node test/histories/record.ts`. Only after a change that was meant to change them. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { databaseWorkflowId, policyWorkflowId, taskQueue } from '#domain/names.ts';
import { findCacheDir } from '#standalone/parts/cache.ts';
import { createProgress } from '#standalone/parts/progress.ts';
import { ensureTemporal } from '#standalone/parts/temporal.ts';
import { ensureTestServer } from '#standalone/parts/test-server.ts';
import { detachUpdate, editUpdate, restoreUpdate } from '#workflows/messages.ts';
import { type Bench, createBench, dailyFrom, terminateBackup } from '#test/workflows/bench.ts';
import { bundleWorkflows } from '#test/workflows/bundle.ts';
import { newId, refuse, takeLong, type World } from '#test/workflows/world.ts';

const here = import.meta.dirname;
const hour = 3_600_000;

async function record(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tidemark-record-'));
  const parts = { cacheDir: findCacheDir(process.env), progress: createProgress((text) => void process.stderr.write(text)) };
  const workflowBundle = join(directory, 'workflows.js');
  await writeFile(workflowBundle, await bundleWorkflows());
  const paths = { testServer: await ensureTestServer(parts), temporal: await ensureTemporal(parts), workflowBundle };
  for (const name of await readdir(here)) if (name.endsWith('.json')) await rm(join(here, name));
  await onBench(await createBench('testServer', paths), recordOperations);
  await onBench(await createBench('testServer', paths), recordPolicyLife);
  await onBench(await createBench('temporal', paths), recordContinuation);
  await onBench(await createBench('temporal', paths), recordLost);
  await rm(directory, { recursive: true });
}

async function onBench(bench: Bench, work: (bench: Bench) => Promise<void>): Promise<void> {
  await work(bench);
  await bench.close();
}

/** Every operation once by itself, going well and failing where it matters. */
async function recordOperations(bench: Bench): Promise<void> {
  const broken = refuse('host-command-failed', 'it broke');
  const paths: { name: string; type: string; more?: object; fails?: (keyof World['before'])[] }[] = [
    { name: 'attach', type: 'attachDatabase' },
    { name: 'attach-arm-fails', type: 'attachDatabase', fails: ['armPitr'] },
    { name: 'attach-backup-fails', type: 'attachDatabase', fails: ['runBackup'] },
    { name: 'detach', type: 'detachDatabase' },
    { name: 'backup', type: 'backUpDatabase', more: { kind: 'incremental' } },
    { name: 'backup-fails', type: 'backUpDatabase', more: { kind: 'full' }, fails: ['runBackup'] },
    { name: 'restore', type: 'restoreDatabase', more: { restoreId: newId() } },
    { name: 'restore-plan-fails', type: 'restoreDatabase', more: { restoreId: newId() }, fails: ['planRestore'] },
    { name: 'restore-build-fails', type: 'restoreDatabase', more: { restoreId: newId() }, fails: ['buildRestore'] },
    { name: 'restore-swap-fails', type: 'restoreDatabase', more: { restoreId: newId() }, fails: ['swapRestore'] },
    { name: 'restore-swap-back-fails', type: 'restoreDatabase', more: { restoreId: newId() }, fails: ['swapRestore', 'swapBackRestore'] },
    { name: 'restore-backup-fails', type: 'restoreDatabase', more: { restoreId: newId() }, fails: ['cleanUpRestore', 'runBackup'] },
    { name: 'retention', type: 'applyRetention' },
    { name: 'retention-fails', type: 'applyRetention', fails: ['removeDeleted'] },
    { name: 'delete', type: 'deleteBackup', more: { backupId: newId() } },
    { name: 'archive-logs', type: 'archiveLogs', more: { databaseName: 'orders' } },
    { name: 'archive-logs-fails', type: 'archiveLogs', more: { databaseName: 'orders' }, fails: ['checkLogs'] },
    { name: 'configure', type: 'configurePitr' },
    { name: 'delete-policy', type: 'deletePolicy' },
    { name: 'delete-policy-fails', type: 'deletePolicy', fails: ['removePolicyBackups'] },
    { name: 'check', type: 'checkDatabase' },
    { name: 'check-fails', type: 'checkDatabase', fails: ['checkDatabase'] },
    { name: 'send-notice', type: 'sendNotice', more: { event: 'backup-failed-1' } },
    { name: 'test-database', type: 'testDatabase' },
    { name: 'test-unsaved-database', type: 'testDatabase', more: { databaseId: undefined, id: newId(), sealed: '' } },
    { name: 'test-store', type: 'testStore', more: { id: newId(), sealed: '' } },
  ];
  for (const { name, type, more, fails = [] } of paths) {
    for (const activity of fails) bench.world.before[activity] = broken;
    const ref = { databaseId: newId(), taskId: newId(), policyId: newId() };
    bench.world.policies.set(ref.policyId, { name: 'Nightly', schedule: dailyFrom(Date.now(), 3.5).schedule, attached: new Set() });
    const workflowId = databaseWorkflowId(ref.databaseId);
    await bench.env.client.workflow.execute(type, { workflowId, taskQueue, args: [{ ...ref, ...more }] }).catch(() => undefined);
    await save(bench, name, workflowId);
    await bench.forget();
  }
}

/** Attach, slots, an edit, a skip, bookkeeping that fails, detach, the end. */
async function recordPolicyLife(bench: Bench): Promise<void> {
  const { world, env } = bench;
  const subject = await bench.startPolicy({ maxEvents: 400 });
  const { runId } = await subject.handle.describe();
  const databaseId = await bench.attach(subject);
  await env.sleep(30 * hour);
  await subject.handle.executeUpdate(editUpdate, { args: [{ reachesHosts: true }] });
  await env.sleep(hour);
  await subject.handle.executeUpdate(editUpdate, { args: [{ reachesHosts: false }] });
  await bench.until('the store is probed', async () => (await bench.status(subject)).status === 'active');
  world.before.buildRestore = takeLong('8 hours');
  await subject.handle.executeUpdate(restoreUpdate, { args: [{ databaseId, taskId: newId(), restoreId: newId() }] });
  await env.sleep(10 * hour);
  world.store.probe = { ok: false, steps: [{ name: 'put', ok: false, message: 's3:PutObject is missing' }] };
  world.before.recordSkip = refuse('internal', 'a broken row');
  await subject.handle.executeUpdate(editUpdate, { args: [{ reachesHosts: false }] });
  await env.sleep(7 * hour);
  delete world.before.recordSkip;
  await subject.handle.executeUpdate(detachUpdate, { args: [{ databaseId, taskId: newId() }] });
  await bench.untilFree(subject, databaseId);
  await bench.forget();
  await bench.until('the policy has ended', async () => (await subject.handle.describe()).status.name === 'COMPLETED');
  await save(bench, 'policy-life', policyWorkflowId(subject.policyId), runId);
  await save(bench, 'policy-life-ends', policyWorkflowId(subject.policyId));
}

/** Both sides of a continuation, with an operation that runs across it. */
async function recordContinuation(bench: Bench): Promise<void> {
  const databaseIds = Array.from({ length: 4 }, newId);
  const words = ['a hole'];
  bench.world.answers.checkLogs = { open: words, found: words };
  const subject = await bench.startPolicy({ attached: databaseIds, logMinutes: 0.01, maxEvents: 30 });
  const { runId } = await subject.handle.describe();
  await Promise.all(databaseIds.map((databaseId) => bench.backUp(subject, databaseId)));
  for (const databaseId of databaseIds) await bench.untilFree(subject, databaseId);
  await bench.until('a new run began', async () => (await subject.handle.describe()).runId !== runId);
  await save(bench, 'policy-continues', policyWorkflowId(subject.policyId), runId);
  const continued = await bench.env.client.workflow.getHandle(policyWorkflowId(subject.policyId), runId).fetchHistory();
  const next = continued.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  await save(bench, 'policy-continued', policyWorkflowId(subject.policyId), next);
}

/** An operation is terminated; its policy hears of it by Temporal. */
async function recordLost(bench: Bench): Promise<void> {
  const subject = await bench.startPolicy();
  const { letGo } = await terminateBackup(bench, subject, await bench.attach(subject));
  letGo();
  await save(bench, 'policy-lost', policyWorkflowId(subject.policyId));
}

async function save({ env }: Bench, name: string, workflowId: string, runId?: string): Promise<void> {
  const history = await env.client.workflow.getHandle(workflowId, runId).fetchHistory();
  await writeFile(join(here, `${name}.json`), `${historyToJSON(history)}\n`);
}

await record();
