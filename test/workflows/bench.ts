import type { WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { databaseWorkflowId, policyWorkflowId, taskQueue, transferQueue } from '#domain/names.ts';
import type { Schedule } from '#domain/schedule.ts';
import { attachUpdate, editUpdate, manualBackupUpdate, type PolicyState, statusQuery } from '#workflows/messages.ts';
import type { policyWorkflow } from '#workflows/policy.ts';
import type { PolicyMemory } from '#workflows/policy-state.ts';
import { addSearchAttributes } from '#worker/search-attributes.ts';
import { createGate, createWorld, isRunning, newId, usualAnswers, type World } from './world.ts';

const HOUR = 3_600_000;

/** A daily full whose next slot is `hours` after `now`, to the minute, and incrementals every six hours. */
export function dailyFrom(now: number, hours: number): { schedule: Schedule; firstFull: number } {
  const firstFull = Math.floor((now + hours * HOUR) / 60_000) * 60_000;
  return {
    schedule: { fullFrequency: 'daily', fullTime: new Date(firstFull).toISOString().slice(11, 16), fullDay: 'sunday', incrementalHours: 6 },
    firstFull,
  };
}

/** A policy that runs, in the model. */
export interface Subject {
  readonly policyId: string;
  readonly handle: WorkflowHandle<typeof policyWorkflow>;
}

/**
 * Time-skipping Temporal, its workers, and the model of the world. Its clock skips only while no task waits for a worker, so
 * the workers live as long as it does.
 */
export interface Bench {
  readonly env: TestWorkflowEnvironment;
  readonly world: World;
  startPolicy(options?: {
    schedule?: Schedule;
    attached?: string[];
    spreadMs?: number;
    logMinutes?: number;
    maxEvents?: number;
    /** What an earlier run has handed on. */
    memory?: PolicyMemory;
  }): Promise<Subject>;
  /** Attaches a database and waits for the end of its task. */
  attach(subject: Subject): Promise<string>;
  /** Asks for a manual backup of the database; answers its task's id. */
  backUp(subject: Subject, databaseId: string): Promise<string>;
  status(subject: Subject): Promise<PolicyState>;
  /** Waits until nothing is done to the database. */
  untilFree(subject: Subject, databaseId: string): Promise<void>;
  /** Waits in real time, for what happens at once. */
  until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void>;
  /** Ends the policies and empties the model, for the next test. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

Runtime.install({ logger: new DefaultLogger('ERROR') });

/** With the test server time can be skipped; the real one, `temporal`, is for what the test server does not do right. */
export async function createBench(
  server: 'testServer' | 'temporal',
  paths: { testServer: string; temporal: string; workflowBundle: string },
): Promise<Bench> {
  const options = { server: { executable: { type: 'existing-path', path: paths[server] } } } as const;
  const env =
    server === 'testServer'
      ? await TestWorkflowEnvironment.createTimeSkipping(options)
      : await TestWorkflowEnvironment.createLocal(options);
  await addSearchAttributes(env.nativeConnection, env.namespace ?? 'default');
  const world = createWorld(env.client.workflow);
  const stopWorkers = await startWorkers(env, world, paths.workflowBundle);
  const bench: Bench = {
    env,
    world,
    startPolicy: (options = {}) => startPolicy(bench, options),
    attach: (subject) => attach(bench, subject),
    backUp: async ({ handle }, databaseId) => {
      const taskId = newId();
      await handle.executeUpdate(manualBackupUpdate, { args: [{ databaseId, taskId }] });
      return taskId;
    },
    status: ({ handle }) => handle.query(statusQuery),
    untilFree: (subject, databaseId) =>
      until('the database is free', async () => (await bench.status(subject)).busy[databaseId] === undefined),
    until,
    forget: () => forget(bench),
    close: async () => {
      await stopWorkers();
      await env.teardown();
    },
  };
  return bench;
}

async function startWorkers(env: TestWorkflowEnvironment, world: World, workflowBundle: string): Promise<() => Promise<void>> {
  const shared = { connection: env.nativeConnection, activities: world.activities, maxHeartbeatThrottleInterval: 50 };
  const workers = [
    await Worker.create({ ...shared, taskQueue, workflowBundle: { codePath: workflowBundle } }),
    await Worker.create({ ...shared, taskQueue: transferQueue }),
  ];
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const ends = workers.map((worker) => worker.runUntil(stopped));
  return async () => {
    stop();
    await Promise.all(ends);
  };
}

async function startPolicy(
  { env, world, until, status }: Bench,
  { schedule, attached = [], spreadMs = 0, logMinutes, ...run }: Parameters<Bench['startPolicy']>[0] = {},
): Promise<Subject> {
  const policyId = newId();
  const usual = dailyFrom(await env.currentTimeMs(), 3.5).schedule;
  world.policies.set(policyId, {
    name: 'Nightly',
    schedule: schedule ?? usual,
    spreadMs,
    attached: new Set(attached),
    ...(logMinutes && { logMinutes }),
  });
  const handle = await env.client.workflow.start<typeof policyWorkflow>('policyWorkflow', {
    workflowId: policyWorkflowId(policyId),
    taskQueue,
    args: [{ policyId, ...run }],
  });
  const subject = { policyId, handle: env.client.workflow.getHandle<typeof policyWorkflow>(handle.workflowId) };
  await until('the store is probed', async () => (await status(subject)).status !== 'validating');
  return subject;
}

async function attach(bench: Bench, subject: Subject): Promise<string> {
  const databaseId = newId();
  await subject.handle.executeUpdate(attachUpdate, { args: [{ databaseId, taskId: newId() }] });
  await bench.untilFree(subject, databaseId);
  return databaseId;
}

/** A policy whose row has vanished ends by itself. It must not end before its children: that stops the test server's clock. */
async function forget({ env, world }: Bench): Promise<void> {
  const policyIds = [...world.policies.keys()];
  const databaseIds = new Set([...world.tasks.values()].map(({ databaseId }) => databaseId));
  for (const databaseId of databaseIds)
    await until('the operation has ended', async () => !(await isRunning(env.client.workflow, databaseWorkflowId(databaseId))));
  for (const { name, input } of world.calls)
    if (name === 'sendNotice')
      await until('the notice is sent', async () => !(await isRunning(env.client.workflow, `notice-${input.event}`)));
  for (const content of [world.policies, world.tasks, world.backups]) content.clear();
  for (const list of [world.skips, world.calls]) list.length = 0;
  for (const name of Object.keys(world.before)) delete world.before[name as keyof World['before']];
  world.store.probe = { ok: true, steps: [] };
  Object.assign(world.answers, usualAnswers());
  await Promise.allSettled(
    policyIds.map((policyId) =>
      env.client.workflow.getHandle(policyWorkflowId(policyId)).executeUpdate(editUpdate, { args: [{ reachesHosts: false }] }),
    ),
  );
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not within 15 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Begins a backup by hand and terminates it while it runs; `letGo` ends the activity that was left at work. */
export async function terminateBackup(
  bench: Bench,
  subject: Subject,
  databaseId: string,
): Promise<{ readonly taskId: string; readonly letGo: () => void }> {
  const { world, env } = bench;
  const gate = createGate();
  world.before.runBackup = gate.wait;
  const taskId = await bench.backUp(subject, databaseId);
  await bench.until('the backup runs', () => world.tasks.get(taskId)?.status === 'running');
  await env.client.workflow.getHandle(databaseWorkflowId(databaseId)).terminate('by an operator');
  await bench.until('the task has failed', () => world.tasks.get(taskId)?.status === 'failed');
  await bench.untilFree(subject, databaseId);
  return { taskId, letGo: gate.open };
}
