import { randomUUID } from 'node:crypto';
import { decideKind, withDescendants } from '#domain/chain.ts';
import { noFailures } from '#domain/failures.ts';
import { isKept, planRetention, type RetentionBackup, type RetentionRules } from '#domain/retention.ts';
import type { Schedule } from '#domain/schedule.ts';
import type { BackupKind } from '#domain/states.ts';
import { noteSlotWork, noteWaitingWork } from '#workflows/policy-operations.ts';
import {
  createMemory,
  noteDueRetention,
  noteDueSlot,
  type NotedOperation,
  noteOperation,
  noteOutcome,
  type PolicyMemory,
  policyStatus,
  queuedOperations,
} from '#workflows/policy-state.ts';

export const HOUR = 3_600_000;

interface Backup extends RetentionBackup {
  readonly databaseId: string;
  status: RetentionBackup['status'];
}

/** What the catalogue and the bucket know of one database. */
interface Database {
  readonly id: string;
  generation: number;
  /** The number of the log that is being written. */
  log: number;
  backups: Backup[];
  /** What lies in the bucket: the ids of backups, and "generation/number" of logs. */
  readonly bucket: Set<string>;
}

interface Running {
  readonly operation: NotedOperation;
  readonly endsAt: number;
}

/**
 * A policy with its catalogue and its bucket, in memory and on a clock of its own. What decides is the product's: the policy's memory, its
 * schedule, the plan of retention, the chains. What acts (hosts, store) either does it or fails.
 */
export interface PolicyYears {
  readonly memory: PolicyMemory;
  readonly databases: ReadonlyMap<string, Database>;
  /** How many backups have ended, by how. */
  readonly ended: { completed: number; failed: number };
  /** The backups that were begun; of a manual one there is no slot. */
  readonly begun: { readonly databaseId: string; readonly slotAt: number | undefined; readonly whilePaused: boolean }[];
  /** Whether what moves data fails now. */
  isFailing: boolean;
  now: number;
  advance(hours: number): void;
  edit(schedule: Schedule): void;
  attach(databaseId: string): void;
  /** These do nothing where the product would refuse. */
  detach(databaseId: string): void;
  backUp(databaseId: string): void;
  restore(databaseId: string, pick: number): void;
  remove(databaseId: string, pick: number): void;
  reset(): void;
  pause(): void;
}

export function createYears(rules: RetentionRules, schedule: Schedule, onEvent: (years: PolicyYears) => void): PolicyYears {
  const memory = createMemory(0);
  memory.settings = { name: 'Nightly', ownerId: 'somebody', schedule, spreadMs: 0 };
  memory.store = 'active';
  const databases = new Map<string, Database>();
  const running = new Map<string, Running>();
  let count = 0;
  const years: PolicyYears = {
    memory,
    databases,
    ended: { completed: 0, failed: 0 },
    begun: [],
    isFailing: false,
    now: 0,
    advance(hours) {
      for (let passed = 0; passed < hours; passed++) {
        years.now += HOUR;
        for (const { operation, endsAt } of running.values()) if (endsAt <= years.now) end(operation);
        for (const database of databases.values()) closeLog(database);
        pass();
      }
    },
    edit(edited) {
      memory.settings = { name: 'Nightly', ownerId: 'somebody', schedule: edited, spreadMs: 0 };
      memory.store = 'active';
      pass();
    },
    attach(databaseId) {
      if (policyStatus(memory) !== 'active' || memory.attached.includes(databaseId) || memory.operations[databaseId] !== undefined) return;
      noteOperation(memory, databaseId, randomUUID(), { kind: 'attach' });
      pass();
    },
    detach: (databaseId) => ask(databaseId, { kind: 'detach' }),
    backUp(databaseId) {
      if (['active', 'paused'].includes(policyStatus(memory))) ask(databaseId, { kind: 'backup', backupKind: 'full' });
    },
    restore(databaseId, pick) {
      const backup = pickCompleted(databaseId, pick);
      if (backup !== undefined) ask(databaseId, { kind: 'restore', restoreId: backup.id });
    },
    remove(databaseId, pick) {
      const backup = pickCompleted(databaseId, pick);
      if (backup !== undefined) ask(databaseId, { kind: 'delete', backupId: backup.id });
    },
    reset() {
      memory.failures = noFailures;
      pass();
    },
    pause() {
      memory.failures = { ...memory.failures, paused: true };
    },
  };
  return years;

  function ask(databaseId: string, work: NotedOperation['work']): void {
    if (!memory.attached.includes(databaseId) || memory.operations[databaseId] !== undefined) return;
    noteOperation(memory, databaseId, randomUUID(), work);
    pass();
  }

  /** As the workflow does it, without what only talks to the catalogue. */
  function pass(): void {
    noteDueSlot(memory, years.now);
    noteSlotWork(memory);
    noteDueRetention(memory, years.now);
    noteWaitingWork(memory);
    for (const operation of queuedOperations(memory)) {
      operation.started = true;
      const { databaseId, work } = operation;
      for (const other of running.values())
        if (other.operation.databaseId === databaseId) throw new Error(`${work.kind} began beside ${other.operation.work.kind}`);
      if (work.kind === 'backup') years.begun.push({ databaseId, slotAt: work.slotAt, whilePaused: policyStatus(memory) === 'paused' });
      begin(operation);
      running.set(operation.taskId, { operation, endsAt: years.now + ((count += 1) % 9) * HOUR });
      onEvent(years);
    }
  }

  /** What goes is marked as soon as its removal begins. */
  function begin({ databaseId, work }: NotedOperation): void {
    const database = databaseOf(databaseId);
    const marked =
      work.kind === 'retention'
        ? plan(database).backups.map(({ backup }) => backup)
        : work.kind === 'delete'
          ? withDescendants(database.backups, work.backupId)
          : [];
    for (const backup of marked) backup.status = 'deleting';
  }

  function end({ databaseId, taskId, work }: NotedOperation): void {
    running.delete(taskId);
    const database = databaseOf(databaseId);
    const fails = years.isFailing && work.kind !== 'detach';
    if (!fails) {
      if (work.kind === 'backup') takeBackup(database, work.backupKind);
      else if (work.kind === 'attach') beginGeneration(database);
      else if (work.kind === 'restore') beginGeneration(database);
      else if (work.kind === 'retention' || work.kind === 'delete') removeMarked(database);
    }
    if (work.kind === 'backup') years.ended[fails ? 'failed' : 'completed'] += 1;
    noteOutcome(memory, {
      databaseId,
      databaseName: databaseId,
      taskId,
      kind: work.kind,
      attached: work.kind === 'attach' ? !fails : work.kind !== 'detach',
      ...(fails && { error: { code: 'store-unreachable', message: 'no network' } }),
      ...(!fails && (work.kind === 'attach' || work.kind === 'restore') && { backup: {} }),
    });
    onEvent(years);
  }

  function databaseOf(id: string): Database {
    const known = databases.get(id) ?? { id, generation: 0, log: 1, backups: [], bucket: new Set<string>() };
    databases.set(id, known);
    return known;
  }

  function pickCompleted(databaseId: string, pick: number): Backup | undefined {
    const completed = databases.get(databaseId)?.backups.filter(({ status }) => status === 'completed') ?? [];
    return completed[pick % Math.max(1, completed.length)];
  }

  function beginGeneration(database: Database): void {
    database.generation += 1;
    database.log = 1;
    takeBackup(database, 'full');
  }

  function closeLog(database: Database): void {
    if (!memory.attached.includes(database.id) || !rules.pitrEnabled) return;
    database.bucket.add(`${database.generation}/${database.log}`);
    database.log += 1;
  }

  function takeBackup(database: Database, requested: BackupKind): void {
    const decision = decideKind(requested, database.backups, database.generation);
    const id = randomUUID();
    const firstLog = database.log;
    database.bucket.add(id).add(`${database.generation}/${firstLog}`);
    database.log += 1;
    database.backups.push({
      id,
      databaseId: database.id,
      kind: decision.kind,
      status: 'completed',
      generation: database.generation,
      parentId: decision.kind === 'incremental' ? decision.parent.id : null,
      createdAt: years.now,
      consistentAt: years.now,
      firstLog,
      lastLog: firstLog,
    });
  }

  function plan({ id, backups, generation }: Database) {
    return planRetention(rules, backups, years.now, memory.attached.includes(id) ? generation : undefined);
  }

  /** What `removeDeleted` of activities/retention.ts does to catalogue and bucket. */
  function removeMarked(database: Database): void {
    const { logs } = plan(database);
    for (const backup of database.backups.filter(({ status }) => status === 'deleting')) {
      database.bucket.delete(backup.id);
      backup.status = 'deleted';
    }
    for (const key of database.bucket) {
      const [, generation, number] = /^(\d+)\/(\d+)$/.exec(key) ?? [];
      if (generation === undefined) continue;
      const keep = logs.find((of) => of.generation === Number(generation))?.keep ?? [];
      if (!isKept(keep, Number(number))) database.bucket.delete(key);
    }
    database.backups = database.backups.filter(({ status }) => status !== 'deleted');
  }
}

/** What is gone from the bucket although its backup is listed as completed; undefined where nothing is. */
export function findLoss({ backups, bucket }: Database): string | undefined {
  for (const { id, status, kind, generation, firstLog } of backups) {
    if (status !== 'completed') continue;
    if (!bucket.has(id)) return `the data of the ${kind} ${id} is gone`;
    if (!bucket.has(`${generation}/${firstLog}`)) return `the log ${generation}/${firstLog} of the ${kind} ${id} is gone`;
  }
  return undefined;
}
