import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { policyWorkflowId, taskQueue, transferQueue } from '#domain/names.ts';
import { nextSlot, type Schedule, spreadOf } from '#domain/schedule.ts';
import { startEmbeddedTemporal } from '#standalone/embedded-temporal.ts';
import { findCacheDir } from '#standalone/parts/cache.ts';
import { createProgress, type Progress } from '#standalone/parts/progress.ts';
import { ensureTemporal } from '#standalone/parts/temporal.ts';
import { createWorld, newId, type World } from '#test/workflows/world.ts';
import { ensureSearchAttributes } from '#worker/search-attributes.ts';
import type { policyWorkflow } from '#workflows/policy.ts';
import { createMemory, type PolicyMemory } from '#workflows/policy-state.ts';
import { SCALE } from './fast-clock.ts';
import { peakMemory } from './house.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const AT_ONCE = 50;
/** So many may be at their first tasks: with more, those that have fallen due wait behind them. */
const STARTING = 200;
/** How many policies' workflows stay in the worker's memory, one and a half times as many as there are: what is not there is replayed. */
const CACHED = 1.5;
const HEAP_MIB = 10_000;
/** A prime: those that are started one after the other are retained at other times of the day. */
const RETENTION_STEP = 6_151;
/** What fell due at the end is given so long to begin. */
const DRAIN_MS = 120_000;
/** Every so many-th policy begins its next run after so few events, and not after the product's 2,000: to see that it does. */
const SHORT = { every: 100, maxEvents: 60 };

interface Setting {
  readonly client: Client;
  readonly world: World;
  readonly progress: Progress;
  readonly stopWorkers: () => Promise<void>;
  readonly count: number;
  readonly hours: number;
}

interface Started {
  readonly policyId: string;
  readonly databaseId: string;
  readonly schedule: Schedule;
}

/**
 * So many policies with a database each, a daily full, some with an incremental every twelve hours, run for a day on the real Temporal server. Their
 * clock is fast (see fast-clock.ts), and what their activities would do stands in memory. Lateness is told in our own seconds.
 *
 * What a day of theirs writes is written in two hours: Temporal's file lies in memory, and so does every workflow that is asleep
 * (a worker keeps some 2,300 of them by itself, and replays the others from their histories when they wake).
 */
export async function benchPolicies(count = 10_000, hours = 24): Promise<boolean> {
  const progress = createProgress((text) => void process.stdout.write(text));
  const folder = await mkdtemp('/dev/shm/tidemark-bench-');
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const binary = await ensureTemporal({ cacheDir: findCacheDir(process.env), progress });
  const temporal = await startEmbeddedTemporal({ dataDir: join(folder, 'temporal'), binary });
  try {
    const connection = await Connection.connect({ address: temporal.address });
    const client = new Client({ connection });
    const world = createWorld(client.workflow);
    const native = await NativeConnection.connect({ address: temporal.address });
    await ensureSearchAttributes(native, 'default');
    const stopWorkers = await startWorkers(native, world, count);
    const held = await measure({ client, world, progress, stopWorkers, count, hours }, temporal.process.pid);
    await native.close();
    await connection.close();
    return held;
  } finally {
    await temporal.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startWorkers(connection: NativeConnection, { activities }: World, count: number): Promise<() => Promise<void>> {
  setFlagsFromString(`--max-old-space-size=${HEAP_MIB}`);
  const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  const { code } = await bundleWorkflowCode({
    workflowsPath: pathOf('../workflows/index.ts'),
    workflowInterceptorModules: [pathOf('fast-clock.ts')],
    logger: new DefaultLogger('ERROR'),
  });
  const workers = [
    await Worker.create({
      connection,
      taskQueue,
      activities,
      workflowBundle: { code },
      interceptors: { workflowModules: [pathOf('fast-clock.ts')] },
      maxCachedWorkflows: Math.ceil(count * CACHED),
    }),
    await Worker.create({ connection, taskQueue: transferQueue, activities }),
  ];
  const running = workers.map((worker) => worker.run());
  return async () => {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
  };
}

async function measure(setting: Setting, temporalPid: number): Promise<boolean> {
  const { progress, count, hours } = setting;
  const policies = await progress.step(`Starting ${count} policies`, () => startPolicies(setting));
  const from = Date.now();
  const lateness = watchLateness(setting.world, policies, from);
  await progress.step(`${hours} hours of theirs`, () => pass(setting.world, (hours * HOUR) / SCALE));
  const until = Date.now();
  await progress.step('The last of them', () => pass(setting.world, DRAIN_MS));
  const memory = [await peakMemory(temporalPid), await peakMemory(process.pid)];
  await setting.stopWorkers();
  const histories = await progress.step('Reading how long their histories are', () => readHistories(setting, policies));
  const { late, expected } = lateness.end(until);
  const at = (part: number): string => ((late[Math.floor(late.length * part)] ?? Number.NaN) / 1000).toFixed(1);
  progress.line(`\n${count} policies, ${expected} slots in ${hours} hours, ${late.length} of them begun`);
  progress.line(
    `Slot lateness in our seconds, at ${SCALE} times the load of a real day: median ${at(0.5)}, p99 ${at(0.99)}, most ${at(0.99999)}`,
  );
  progress.line(`Events per policy, its operations' and its start's included: ${(histories.events / count).toFixed(0)}`);
  progress.line(`Longest history of a policy: ${histories.longest} events (the next run begins after 2000)`);
  progress.line(
    `Of those that begin it after ${SHORT.maxEvents}: ${histories.longestShort} events, ${histories.runsOfShort.toFixed(1)} runs each`,
  );
  progress.line(`Peak memory: Temporal ${memory[0]} MiB, worker with every workflow, and stand-ins ${memory[1]} MiB`);
  const missed = expected - late.length;
  const bars = [
    { what: `slots not begun: ${missed} of ${expected}`, isHeld: missed <= expected / 1000 },
    { what: `runs in a day of those that begin a next one early: ${histories.runsOfShort.toFixed(1)}`, isHeld: histories.runsOfShort >= 2 },
  ];
  progress.line('');
  for (const { what, isHeld } of bars) progress.line(`${isHeld ? 'held  ' : 'MISSED'}  ${what}`);
  return bars.every(({ isHeld }) => isHeld);
}

async function startPolicies({ client, world, count }: Setting): Promise<Started[]> {
  const started: Started[] = [];
  // a slot that passed before the policy's first task is not the policy's
  const starting = (): number => started.filter(({ policyId }) => world.policies.get(policyId)?.mirrored?.status !== 'active').length;
  for (let first = 0; first < count; first += AT_ONCE) {
    while (starting() > STARTING) await sleep(100);
    const batch = Array.from({ length: Math.min(AT_ONCE, count - first) }, async (_, index): Promise<Started> => {
      const policy = { policyId: newId(), databaseId: newId(), schedule: scheduleOf(first + index, count) };
      const { policyId, databaseId, schedule } = policy;
      world.policies.set(policyId, { name: policyId, schedule, spreadMs: spreadOf(policyId), attached: new Set([databaseId]) });
      const run = { memory: memoryOf(first + index, count), ...((first + index) % SHORT.every === 0 && { maxEvents: SHORT.maxEvents }) };
      await client.workflow.start<typeof policyWorkflow>('policyWorkflow', {
        workflowId: policyWorkflowId(policyId),
        taskQueue,
        args: [{ policyId, ...run }],
      });
      return policy;
    });
    started.push(...(await Promise.all(batch)));
  }
  while (starting() > 0) await sleep(500);
  return started;
}

/** The fulls lie evenly over the day; one policy in four takes incrementals too. */
function scheduleOf(index: number, count: number): Schedule {
  const minute = Math.floor((index / count) * 24 * 60);
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    fullFrequency: 'daily',
    fullTime: `${two(Math.floor(minute / 60))}:${two(minute % 60)}`,
    fullDay: 'sunday',
    incrementalHours: index % 4 === 0 ? 12 : 0,
  };
}

/** How late, in our milliseconds, the backup of each slot began; those of slots after `from` alone. */
function watchLateness(
  world: World,
  policies: readonly Started[],
  from: number,
): { end(until: number): { late: number[]; expected: number } } {
  const byDatabase = new Map(policies.map((policy) => [policy.databaseId, policy]));
  const begun: { slot: number; late: number }[] = [];
  world.before.runBackup = ({ databaseId }) => {
    const policy = byDatabase.get(databaseId);
    if (policy === undefined) return;
    const now = Date.now();
    const slot = lastSlot(policy, now);
    if (slot >= from) begun.push({ slot, late: now - slot });
  };
  return {
    end(until) {
      delete world.before.runBackup;
      const expected = policies.reduce((sum, policy) => sum + countSlots(policy, from, until), 0);
      const late = begun.filter(({ slot }) => slot < until).map((backup) => backup.late);
      return { late: late.toSorted((a, b) => a - b), expected };
    },
  };
}

/** As a policy's that has been there for a while: their daily retentions lie evenly over the day too. */
function memoryOf(index: number, count: number): PolicyMemory {
  const now = Date.now() * SCALE;
  return { ...createMemory(now), retainedAt: now - ((index * RETENTION_STEP) % count) * (DAY / count) };
}

/** In our time, when the slot began that was due last. */
function lastSlot({ schedule, policyId }: Started, now: number): number {
  const spread = spreadOf(policyId);
  let at = nextSlot(schedule, now * SCALE - spread - DAY).at;
  for (let next = at; next + spread <= now * SCALE; next = nextSlot(schedule, next).at) at = next;
  return (at + spread) / SCALE;
}

function countSlots({ schedule, policyId }: Started, from: number, until: number): number {
  const spread = spreadOf(policyId);
  let count = 0;
  for (let { at } = nextSlot(schedule, from * SCALE - spread); at + spread < until * SCALE; at = nextSlot(schedule, at).at) count += 1;
  return count;
}

/** The model keeps every call, which nobody asks for here. */
async function pass(world: World, ms: number): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(Math.min(5_000, Math.max(0, end - Date.now())))) {
    world.calls.length = 0;
    world.tasks.clear();
    world.backups.clear();
  }
}

interface Histories {
  /** Of everything that ran. */
  readonly events: number;
  readonly longest: number;
  readonly longestShort: number;
  readonly runsOfShort: number;
}

async function readHistories({ client }: Setting, policies: readonly Started[]): Promise<Histories> {
  const short = new Set(policies.filter((_, index) => index % SHORT.every === 0).map(({ policyId }) => policyWorkflowId(policyId)));
  let [events, longest, longestShort, runs] = [0, 0, 0, 0];
  for await (const { type, workflowId, historyLength, status } of client.workflow.list()) {
    const length = status.name === 'RUNNING' ? (await client.workflow.getHandle(workflowId).describe()).historyLength : historyLength;
    events += length;
    if (type !== 'policyWorkflow') continue;
    if (!short.has(workflowId)) longest = Math.max(longest, length);
    else [longestShort, runs] = [Math.max(longestShort, length), runs + 1];
  }
  return { events, longest, longestShort, runsOfShort: runs / short.size };
}
