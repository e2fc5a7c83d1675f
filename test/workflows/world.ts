import { randomUUID } from 'node:crypto';
import { activityInfo, ApplicationFailure, Context, heartbeat } from '@temporalio/activity';
import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import type { Activities, Failure, LogGaps } from '#activities/activities.ts';
import type { ProbeReport } from '#activities/stores/probe.ts';
import { terminated } from '#domain/failures.ts';
import { databaseWorkflowId } from '#domain/names.ts';
import type { DatabaseProbeReport } from '#domain/probe.schema.ts';
import type { Schedule } from '#domain/schedule.ts';
import type { BackupKind, BackupStatus, PolicyStatus, TaskKind } from '#domain/states.ts';

interface ModelTask {
  readonly databaseId: string;
  readonly kind: TaskKind;
  readonly beganAt: number;
  status: 'running' | 'completed' | 'failed';
  failure?: Failure;
}

interface ModelBackup {
  readonly databaseId: string;
  readonly kind: BackupKind;
  /** When its task began; the workflow starts it at its slot. */
  readonly beganAt: number;
  status: BackupStatus;
}

export interface ModelSkip {
  readonly databaseId: string;
  readonly kind: BackupKind;
  readonly slotAt: number;
  readonly reason: string;
}

export interface ModelPolicy {
  name: string;
  schedule: Schedule;
  attached: Set<string>;
  spreadMs?: number;
  /** See `loadPolicy`; of all attached databases. */
  logMinutes?: number;
  mirrored?: {
    status: PolicyStatus;
    lastError: string | null;
    consecutiveFailures: number;
    nextFullAt: number | null;
    nextIncrementalAt: number | null;
  };
}

type Act = { [N in keyof Activities]: { readonly name: N; readonly input: Parameters<Activities[N]>[0] } }[keyof Activities];

/** A model of hosts, buckets and catalogue in memory, for the workflows are what is tested. */
export interface World {
  readonly policies: Map<string, ModelPolicy>;
  readonly tasks: Map<string, ModelTask>;
  readonly backups: Map<string, ModelBackup>;
  readonly skips: ModelSkip[];
  readonly calls: Act[];
  /** What probing any store finds. */
  readonly store: { probe: ProbeReport };
  /** What some activities answer. */
  readonly answers: {
    checkLogs: LogGaps;
    planConfiguration: { switchesEncryption: boolean; needsFull: boolean };
    runBackup: { storedBytes: number; sourceChange?: string };
    probeDatabase: DatabaseProbeReport;
  };
  /** Runs before an activity; what it throws is the activity's failure. */
  readonly before: { [N in keyof Activities]?: (input: Parameters<Activities[N]>[0]) => void | Promise<void> };
  readonly activities: Activities;
}

export function usualAnswers(): World['answers'] {
  return {
    checkLogs: { open: [], found: [] },
    planConfiguration: { switchesEncryption: false, needsFull: false },
    runBackup: { storedBytes: 1 },
    probeDatabase: { ok: true, hostKey: null, hostKeyFingerprint: null, version: null, steps: [] },
  };
}

export function createWorld(client: WorkflowClient): World {
  const world = {
    policies: new Map<string, ModelPolicy>(),
    tasks: new Map<string, ModelTask>(),
    backups: new Map<string, ModelBackup>(),
    skips: [] as ModelSkip[],
    calls: [] as Act[],
    store: { probe: { ok: true, steps: [] } },
    answers: usualAnswers(),
    before: {},
  };
  return { ...world, activities: recorded(world, createActivities(world, client)) };
}

/** Fails the activity for good, as activities do with an error of the catalogue. */
export function refuse(code: string, message: string): () => never {
  return () => {
    throw ApplicationFailure.nonRetryable(message, code);
  };
}

const aBitMoreMs = 150_000;

/**
 * Makes the activity take that long in simulated time, and two minutes and a half: it fails at first, to be tried again after it. The
 * test server strands a workflow whose task cancels a timer that has just gone off (temporalio/sdk-java#3088), so that the end of an
 * activity must not meet what falls due on the hour, or the looks at what an earlier run began, which come every five minutes.
 */
export function takeLong(duration: `${number} hours`): () => void {
  const nextRetryDelay = Number.parseFloat(duration) * 3_600_000 + aBitMoreMs;
  return () => {
    if (activityInfo().attempt === 1) throw ApplicationFailure.create({ message: 'not yet', nextRetryDelay });
  };
}

/** Keeps an activity at work until it is opened. */
export function createGate(): { wait: () => Promise<void>; open: () => void } {
  const gate = { isOpen: false };
  return {
    async wait() {
      while (!gate.isOpen) {
        heartbeat();
        await Context.current().sleep(20);
      }
    },
    open: () => void (gate.isOpen = true),
  };
}

function recorded(world: Pick<World, 'calls' | 'before'>, activities: Activities): Activities {
  const wrapped = Object.entries(activities).map(([name, act]: [string, (input: never) => Promise<unknown>]) => [
    name,
    async (input: never) => {
      if (activityInfo().attempt === 1) world.calls.push({ name, input } as Act);
      await (world.before as Record<string, ((input: never) => void | Promise<void>) | undefined>)[name]?.(input);
      return act(input);
    },
  ]);
  return Object.fromEntries(wrapped) as Activities;
}

function createActivities(world: Omit<World, 'activities'>, client: WorkflowClient): Activities {
  return { ...catalogueOf(world, client), ...backupsOf(world), ...nothingHappens(world) };
}

type CatalogueNames =
  | 'loadPolicy'
  | 'mirrorPolicy'
  | 'beginTask'
  | 'endTask'
  | 'recordSkip'
  | 'findLostOperations'
  | 'openAttachment'
  | 'closeAttachment';

function catalogueOf(
  { policies, tasks, backups, skips }: Omit<World, 'activities'>,
  client: WorkflowClient,
): Pick<Activities, CatalogueNames> {
  const getPolicy = (policyId: string): ModelPolicy => policies.get(policyId) ?? refuse('not-found', `policy ${policyId} is not known`)();
  return {
    async loadPolicy({ policyId }) {
      const { name, schedule, spreadMs = 0, attached, logMinutes } = getPolicy(policyId);
      const minutes = logMinutes === undefined ? [] : [...attached].map((databaseId) => [databaseId, logMinutes]);
      return {
        name,
        ownerId: 'somebody',
        schedule,
        spreadMs,
        attached: [...attached],
        logMinutes: Object.fromEntries(minutes) as Record<string, number>,
      };
    },
    async mirrorPolicy({ policyId, ...row }) {
      getPolicy(policyId).mirrored = row;
    },
    async beginTask({ taskId, databaseId, kind }) {
      tasks.set(taskId, { databaseId, kind, status: 'running', beganAt: activityInfo().scheduledTimestampMs });
      return { databaseName: `name of ${databaseId}` };
    },
    async endTask({ taskId, failure }) {
      const task = tasks.get(taskId) ?? { databaseId: 'unknown', kind: 'backup', beganAt: 0 };
      tasks.set(taskId, { ...task, status: failure === undefined ? 'completed' : 'failed', ...(failure && { failure }) });
    },
    async recordSkip({ databaseId, kind, slotAt, reason }) {
      skips.push({ databaseId, kind, slotAt, reason });
    },
    async findLostOperations({ operations }) {
      const running = await Promise.all(operations.map(({ databaseId }) => isRunning(client, databaseWorkflowId(databaseId))));
      const lost = operations.filter((_, index) => running[index] === false);
      return lost.map((operation) => {
        const taken = [...backups.values()].some(({ databaseId, status }) => databaseId === operation.databaseId && status === 'pending');
        return { ...operation, failure: terminated, ...(taken && { backup: { error: terminated } }) };
      });
    },
    async openAttachment({ policyId, databaseId }) {
      getPolicy(policyId).attached.add(databaseId);
    },
    async closeAttachment({ policyId, databaseId }) {
      getPolicy(policyId).attached.delete(databaseId);
    },
  };
}

export async function isRunning(client: WorkflowClient, workflowId: string): Promise<boolean> {
  try {
    return (await client.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function backupsOf({ backups, tasks, answers }: Omit<World, 'activities'>): Pick<Activities, 'planBackup' | 'runBackup' | 'failBackup'> {
  return {
    async planBackup({ backupId, databaseId, taskId, kind }) {
      backups.set(backupId, { databaseId, kind, status: 'pending', beganAt: tasks.get(taskId)?.beganAt ?? 0 });
      return { kind };
    },
    async runBackup({ backupId }) {
      const backup = backups.get(backupId);
      if (backup !== undefined) backup.status = 'completed';
      return answers.runBackup;
    },
    async failBackup({ backupId }) {
      const backup = backups.get(backupId);
      if (backup !== undefined) backup.status = 'failed';
    },
  };
}

function nothingHappens({
  store,
  answers,
}: Omit<World, 'activities'>): Omit<Activities, CatalogueNames | 'planBackup' | 'runBackup' | 'failBackup'> {
  const nothing = async (): Promise<void> => undefined;
  const probed = async (): Promise<ProbeReport> => store.probe;
  return {
    beginGeneration: nothing,
    checkDatabase: nothing,
    probeSavedDatabase: async () => answers.probeDatabase,
    probeUnsavedDatabase: async () => answers.probeDatabase,
    probePolicyStore: probed,
    probeUnsavedStore: probed,
    prepareHost: nothing,
    armPitr: nothing,
    disarmPitr: nothing,
    checkLogs: async () => answers.checkLogs,
    planConfiguration: async () => answers.planConfiguration,
    switchEncryption: nothing,
    removePolicyBackups: nothing,
    planRestore: nothing,
    preflightRestore: nothing,
    buildRestore: nothing,
    recoverRestore: nothing,
    recordNotice: nothing,
    sendNotice: nothing,
    markExpired: async () => ({ backups: 0 }),
    markForDeletion: nothing,
    removeDeleted: nothing,
    swapRestore: nothing,
    swapBackRestore: nothing,
    cleanUpRestore: nothing,
  };
}

export function newId(): string {
  return randomUUID();
}
