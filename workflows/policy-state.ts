import type { NoticeEvent } from '#activities/activities.ts';
import { countOutcome, type FailureCount, noFailures, statusOf } from '#domain/failures.ts';
import type { Slot } from '#domain/schedule.ts';
import { dueSlot } from '#domain/schedule.ts';
import type { BackupKind, PolicyStatus } from '#domain/states.ts';
import type { OperationReport, PolicySettings } from './messages.ts';

/** What to start on a database; it holds the database from when it is noted until its report. */
export type Work =
  | { readonly kind: 'attach' | 'detach' | 'retention' | 'configure' }
  | {
      readonly kind: 'backup';
      readonly backupKind: BackupKind;
      /** The slot that asked for it; absent for a manual one. */ readonly slotAt?: number;
    }
  | { readonly kind: 'restore'; readonly restoreId: string }
  | { readonly kind: 'delete'; readonly backupId: string };

export interface NotedOperation {
  readonly databaseId: string;
  readonly taskId: string;
  readonly work: Work;
  /** Of the API's request that asked for it. */
  readonly requestId?: string;
  started: boolean;
}

/** A slot that did not run. */
export interface Skip {
  readonly taskId: string;
  readonly databaseId: string;
  readonly kind: BackupKind;
  readonly slotAt: number;
  readonly reason: string;
}

/** The looking after one database's logs. */
export interface LogClock {
  readonly everyMs: number;
  /** When it began last; the first interval counts from when it was noted. */
  startedAt: number;
  isRunning: boolean;
  /** Why it failed last; people have been told. */
  trouble: string | null;
}

/** The memory of a policy; plain JSON, carried from run to run. */
export interface PolicyMemory {
  /** null until the policy's row was read. */
  settings: PolicySettings | null;
  /** Counts the edits of the policy's row, and up to which of them it was read. */
  revision: number;
  readRevision: number;
  /** What the last probe of the store found; `statusOf` tells what the policy is. */
  store: Exclude<PolicyStatus, 'paused'>;
  storeError: string | null;
  failures: FailureCount;
  /** What went wrong with the bookkeeping at the last pass; it is tried again. */
  trouble: string | null;
  attached: string[];
  /** By database. */
  operations: Record<string, NotedOperation>;
  databaseNames: Record<string, string>;
  /** Every slot up to here has been run, recorded as skipped, or noted as `due`. */
  handledUntil: number;
  due: Slot | null;
  /** By database: slots that wait for the end of a retention or a deletion. */
  waiting: Record<string, Slot>;
  /** When retention fell due last, and the databases of which it is still to begin. */
  retainedAt: number;
  retaining: string[];
  /** By database, for those whose logs are archived for a recovery window. */
  logClocks: Record<string, LogClock>;
  /** Databases whose host is still to hear of an edit. */
  configuring: string[];
  /** Those that could not be told; it is tried again before their next backup, and every day. */
  unconfigured: string[];
  /** Databases that want a full, because their logs have a gap. */
  reopening: string[];
  /** Not yet in the catalogue. */
  skips: Skip[];
  notices: NoticeEvent[];
  /** When lost operations were last looked for, or nothing was running. */
  lookedAt: number;
  /** What the policy's row was last told. */
  mirrored: string;
}

export function createMemory(now: number): PolicyMemory {
  return {
    settings: null,
    revision: 1,
    readRevision: 0,
    store: 'validating',
    storeError: null,
    failures: noFailures,
    trouble: null,
    attached: [],
    operations: {},
    databaseNames: {},
    handledUntil: now,
    due: null,
    waiting: {},
    retainedAt: now,
    retaining: [],
    logClocks: {},
    configuring: [],
    unconfigured: [],
    reopening: [],
    skips: [],
    notices: [],
    lookedAt: now,
    mirrored: '',
  };
}

/** Brings the memory up to `now`: slots that have passed since the last look collapse into one that is due. */
export function noteDueSlot(memory: PolicyMemory, now: number): void {
  if (memory.settings === null) return;
  const { schedule, spreadMs } = memory.settings;
  const until = now - spreadMs;
  if (until <= memory.handledUntil) return;
  const slot = dueSlot(schedule, memory.handledUntil, until);
  if (slot !== undefined && (memory.due?.kind !== 'full' || slot.kind === 'full')) memory.due = slot;
  memory.handledUntil = until;
}

export function policyStatus({ store, failures }: PolicyMemory): PolicyStatus {
  return statusOf(store, failures);
}

/** What is wrong, the store's fault first: nothing else goes well without it. */
export function policyError({ storeError, failures }: PolicyMemory): string | null {
  return storeError ?? failures.lastError;
}

const day = 24 * 60 * 60_000;

/** When retention falls due next. */
export function nextRetentionAt({ retainedAt }: PolicyMemory): number {
  return retainedAt + day;
}

/**
 * Once a day for every attached database; one that is busy waits for its turn. What may have been lost on the way is made good then
 * too: an edit that was written but never told, a row that does not show what the policy is, a host that could not be told.
 */
export function noteDueRetention(memory: PolicyMemory, now: number): void {
  if (now < nextRetentionAt(memory)) return;
  memory.retainedAt = now;
  memory.retaining = [...memory.attached];
  memory.revision += 1;
  memory.mirrored = '';
  configureAgain(memory);
}

export function configureAgain(memory: PolicyMemory): void {
  memory.configuring = [...new Set([...memory.configuring, ...memory.unconfigured])];
  memory.unconfigured = [];
}

export function noteOperation(memory: PolicyMemory, databaseId: string, taskId: string, work: Work, requestId?: string): void {
  memory.operations[databaseId] = { databaseId, taskId, work, ...(requestId === undefined ? {} : { requestId }), started: false };
}

/** What the end of an operation means to its policy. */
export function noteOutcome(memory: PolicyMemory, report: OperationReport): void {
  memory.databaseNames[report.databaseId] = report.databaseName;
  noteAttached(memory, report.databaseId, report.attached);
  // What is reported twice, or by an operation that was given up, does not count again.
  if (!freeDatabase(memory, report)) return;
  for (const [index, message] of (report.gaps ?? []).entries())
    noteNotice(memory, report.databaseId, { kind: 'pitr-gap', message, event: `pitr-gap-${report.taskId}-${index}` });
  if (report.sourceChange !== undefined)
    noteNotice(memory, report.databaseId, {
      kind: 'source-changed',
      message: report.sourceChange,
      event: `source-changed-${report.taskId}`,
    });
  if (report.error !== undefined && (report.kind === 'configure' || report.error.code === 'encryption-not-switched'))
    memory.unconfigured.push(report.databaseId);
  noteBackup(memory, report, backupOf(report));
}

/** How a backup went, also the full of an attach, a restore or a configuration. What was to be a backup and came to none went as its operation did. */
function backupOf({ kind, backup, error }: OperationReport): OperationReport['backup'] {
  return backup ?? (kind === 'backup' ? { ...(error && { error }) } : undefined);
}

/** Failures are told one by one, and once when they have paused the policy. */
function noteBackup(memory: PolicyMemory, report: OperationReport, backup: OperationReport['backup']): void {
  // a request that was given up before it arrived is nobody's failure
  if (backup === undefined || backup.error?.code === 'request-lost') return;
  const wasPaused = memory.failures.paused;
  const { databaseName } = report;
  memory.failures = countOutcome(memory.failures, { databaseName, ...(backup.error && { error: backup.error.message }) });
  if (backup.error === undefined) return;
  const { code, message } = backup.error;
  noteNotice(memory, report.databaseId, { kind: 'backup-failed', message, code, event: `backup-failed-${report.taskId}` });
  if (memory.failures.paused && !wasPaused)
    noteNotice(memory, report.databaseId, { kind: 'policy-paused', message, code, event: `policy-paused-${report.taskId}` });
}

export function noteNotice(
  memory: PolicyMemory,
  databaseId: string,
  notice: Pick<NoticeEvent, 'kind' | 'message' | 'event' | 'code'>,
): void {
  memory.notices.push({ ...notice, databaseId, consecutive: memory.failures.consecutive, at: Date.now() });
}

function noteAttached(memory: PolicyMemory, databaseId: string, isAttached: boolean): void {
  if (isAttached === memory.attached.includes(databaseId)) return;
  // how its logs are to be looked after stands in the catalogue
  memory.revision += 1;
  memory.attached = isAttached ? [...memory.attached, databaseId] : memory.attached.filter((id) => id !== databaseId);
}

/** Only the operation that is meant lets go: a late word of another one does not. */
export function freeDatabase(memory: PolicyMemory, { databaseId, taskId }: { databaseId: string; taskId: string }): boolean {
  if (memory.operations[databaseId]?.taskId !== taskId) return false;
  delete memory.operations[databaseId];
  return true;
}

export function queuedOperations(memory: PolicyMemory): NotedOperation[] {
  return Object.values(memory.operations).filter(({ started }) => !started);
}

export function startedOperations(memory: PolicyMemory): NotedOperation[] {
  return Object.values(memory.operations).filter(({ started }) => started);
}
