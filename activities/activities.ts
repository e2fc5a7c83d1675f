import type { ErrorCode } from '#domain/errors.ts';
import type { DatabaseProbeReport } from '#domain/probe.schema.ts';
import type { Schedule } from '#domain/schedule.ts';
import type { BackupKind, NoticeKind, PolicyStatus, TaskKind } from '#domain/states.ts';
import type { ProbeReport } from '#activities/stores/probe.ts';

export interface TaskRef {
  readonly taskId: string;
  readonly policyId: string;
  readonly databaseId: string;
}

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

export interface LostOperation {
  readonly databaseId: string;
  readonly taskId: string;
  /** Absent where its task had ended well. */
  readonly failure?: Failure;
  /** How the backup went that it had begun; absent where it had begun none. */
  readonly backup?: { readonly error?: Failure };
}

export interface BackupRef extends TaskRef {
  readonly backupId: string;
}

export interface RestoreRef extends TaskRef {
  readonly restoreId: string;
}

/** Logs are also archived on the policy's own clock: then there is no task. */
export interface LogsRef {
  readonly policyId: string;
  readonly databaseId: string;
  readonly taskId?: string;
}

/** Gaps in a log archive, each in words: those that no later backup has left behind, and those that were not on record. */
export interface LogGaps {
  readonly open: string[];
  readonly found: string[];
}

/** Something that people are told of by mail. */
export interface NoticeEvent {
  /** The same for the same event, whatever is retried. */
  readonly event: string;
  readonly kind: NoticeKind;
  readonly databaseId: string;
  readonly message: string;
  readonly code?: ErrorCode;
  readonly consecutive: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What a workflow may ask of the catalogue: quick, on the queue `tidemark`. */
export interface CatalogueActivities {
  /** `spreadMs` is the policy's delay after each slot. `logMinutes` tells, by attached database, how often its log archive is looked after; those without point-in-time recovery are left out. */
  loadPolicy(input: { policyId: string }): Promise<{
    name: string;
    ownerId: string;
    schedule: Schedule;
    spreadMs: number;
    attached: string[];
    logMinutes: Record<string, number>;
  }>;
  /** Copies what lists need into the policy's row. Times in milliseconds since the epoch. */
  mirrorPolicy(input: {
    policyId: string;
    status: PolicyStatus;
    lastError: string | null;
    consecutiveFailures: number;
    nextFullAt: number | null;
    nextIncrementalAt: number | null;
  }): Promise<void>;
  /** Inserts the task's row where the API has not, and marks it running. */
  beginTask(input: TaskRef & { kind: TaskKind; workflowId: string }): Promise<{ databaseName: string }>;
  endTask(input: { taskId: string; failure?: Failure }): Promise<void>;
  /** Records a slot that did not run, with its reason. */
  recordSkip(input: TaskRef & { kind: BackupKind; slotAt: number; reason: string }): Promise<void>;
  /** Of the given operations those whose workflow is not running and that will never report. */
  findLostOperations(input: { operations: { databaseId: string; taskId: string }[] }): Promise<LostOperation[]>;
  openAttachment(input: TaskRef): Promise<void>;
  closeAttachment(input: TaskRef): Promise<void>;
  /** Whether the policy's encryption is another than the open generation's, and whether only a full opens a recovery window again. */
  planConfiguration(input: TaskRef): Promise<{ switchesEncryption: boolean; needsFull: boolean }>;
  /** Begins a new generation with the policy's encryption. */
  switchEncryption(input: TaskRef): Promise<void>;
  /** Decides the kind and inserts the backup's row. */
  planBackup(input: BackupRef & { kind: BackupKind }): Promise<{ kind: BackupKind; fallbackReason?: string }>;
  failBackup(input: BackupRef & { failure: Failure }): Promise<void>;
  /** Writes the notice of an event into the outbox, once. */
  recordNotice(input: NoticeEvent & { policyId: string }): Promise<void>;
  /** Marks what retention removes now as `deleting`. */
  markExpired(input: TaskRef): Promise<{ backups: number }>;
  /** Marks one backup and what builds on it as `deleting`. */
  markForDeletion(input: BackupRef): Promise<void>;
  /** Ends the open generation and begins the one that the restored server already archives into. */
  beginGeneration(input: RestoreRef): Promise<void>;
}

/** What is done to hosts and buckets in seconds to minutes, on the queue `tidemark`. */
export interface HostActivities {
  checkDatabase(input: { databaseId: string; taskId: string }): Promise<void>;
  probeSavedDatabase(input: { databaseId: string }): Promise<DatabaseProbeReport>;
  /** The sealed value is a `ProbeTarget` as JSON, at the place { table: 'probe', row: id, column: 'database' }; base64. */
  probeUnsavedDatabase(input: { id: string; sealed: string }): Promise<DatabaseProbeReport>;
  probePolicyStore(input: { policyId: string }): Promise<ProbeReport>;
  /** The sealed value is a `StoreAddress` as JSON, at the place { table: 'probe', row: id, column: 'store' }; base64. */
  probeUnsavedStore(input: { id: string; sealed: string }): Promise<ProbeReport>;
  prepareHost(input: TaskRef): Promise<void>;
  /** Log archiving as the policy has it: on, with its credentials and into the open generation, or off. */
  armPitr(input: TaskRef): Promise<void>;
  disarmPitr(input: TaskRef): Promise<void>;
  /** Brings the archive up to now, walks it, and records what is there and what is missing. */
  checkLogs(input: LogsRef): Promise<LogGaps>;
  /** Chooses base and logs; fails with `target-outside-window` or `backup-not-restorable`. */
  planRestore(input: RestoreRef): Promise<void>;
  preflightRestore(input: RestoreRef): Promise<void>;
  swapRestore(input: RestoreRef): Promise<void>;
  swapBackRestore(input: RestoreRef): Promise<void>;
  cleanUpRestore(input: RestoreRef): Promise<void>;
}

/** What moves data and takes minutes to hours, on the queue `tidemark-transfers`. */
export interface TransferActivities {
  /** `sourceChange` tells, in words, that it was read elsewhere than the one before. */
  runBackup(input: BackupRef): Promise<{ storedBytes: number; sourceChange?: string | undefined }>;
  /** Removes what is marked as `deleting`, what failed backups left, and logs that nothing needs any more. */
  removeDeleted(input: TaskRef): Promise<void>;
  /** Everything that a policy has stored, of all databases. */
  removePolicyBackups(input: { policyId: string; taskId: string }): Promise<void>;
  buildRestore(input: RestoreRef): Promise<void>;
  recoverRestore(input: RestoreRef): Promise<void>;
}

/** What leaves by mail; tried again for days. */
export interface MailActivities {
  sendNotice(input: { event: string }): Promise<void>;
}

export type Activities = CatalogueActivities & HostActivities & TransferActivities & MailActivities;
