import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Failure } from '#activities/activities.ts';
import type { Schedule, Slot } from '#domain/schedule.ts';
import type { BackupKind, PolicyStatus, TaskKind } from '#domain/states.ts';

/** One thing to do to a database; the task's row exists before it is asked for, and tells how it goes. */
export interface Operation {
  readonly taskId: string;
  readonly databaseId: string;
  /** Of the API's request, by which its log lines are found. */
  readonly requestId?: string;
}

export interface BackupOperation extends Operation {
  /** The default is a full. */
  readonly backupKind?: BackupKind;
}

export interface DeleteOperation extends Operation {
  readonly backupId: string;
}

export interface RestoreOperation extends Operation {
  readonly restoreId: string;
}

/** What a policy has to know of itself to plan; secrets stay in the catalogue. */
export interface PolicySettings {
  readonly name: string;
  readonly ownerId: string;
  readonly schedule: Schedule;
  /** It runs so much later than its slots. */
  readonly spreadMs: number;
}

export interface PolicyState {
  readonly status: PolicyStatus;
  readonly consecutiveFailures: number;
  readonly lastError: string | null;
  readonly attached: readonly string[];
  /** What is running or waiting, by database. */
  readonly busy: Readonly<Record<string, TaskKind>>;
  /** The tasks of what is running or waiting. */
  readonly tasks: readonly string[];
  readonly nextSlots: readonly Slot[];
}

export interface OperationReport {
  readonly databaseId: string;
  readonly taskId: string;
  readonly kind: TaskKind;
  /** For what operators read. */
  readonly databaseName: string;
  /** Whether the database is under the policy now. */
  readonly attached: boolean;
  /** Gaps in the log archive that it was the first to find. */
  readonly gaps?: readonly string[];
  /** That its backup was read elsewhere than the one before. */
  readonly sourceChange?: string;
  /** Absent when it went well. */
  readonly error?: Failure;
  /** How the backup went that it took, also as a part of something else; absent where it came to none. */
  readonly backup?: { readonly error?: Failure };
}

/** What an edit means to the attached databases. */
export interface PolicyEdited {
  /** Their hosts have to hear of it. */
  readonly reachesHosts: boolean;
}

/*
 * Updates, for the API. Each is refused with an `ApplicationFailure` whose type is the error's code,
 * and answers as soon as the operation is noted, not when it is done.
 */
export const attachUpdate = defineUpdate<void, [Operation]>('attach');
export const detachUpdate = defineUpdate<void, [Operation]>('detach');
export const manualBackupUpdate = defineUpdate<void, [BackupOperation]>('manualBackup');
export const deleteBackupUpdate = defineUpdate<void, [DeleteOperation]>('deleteBackup');
export const restoreUpdate = defineUpdate<void, [RestoreOperation]>('restore');
/** The policy's row was changed: read it again. */
export const editUpdate = defineUpdate<void, [PolicyEdited]>('edit');
/** Retry PITR Configuration. */
export const retryPitrUpdate = defineUpdate<void, [Operation]>('retryPitr');

/** Failed backups are forgotten, a pause ends, and the store is probed again. */
export const resetFailuresUpdate = defineUpdate<void>('resetFailures');

/*
 * Signals, for operators: `temporal workflow signal --name …`, one policy or many by --query. Those that cannot be done now
 * (a database that is busy) are left out.
 */
export const resetFailuresSignal = defineSignal('resetFailures');
/** Scheduled backups do not run until `resume`, or until another backup goes well; log archiving goes on. */
export const pauseSignal = defineSignal('pause');
export const resumeSignal = defineSignal('resume');
/** A full of one database, or of all that are attached. */
export const manualBackupSignal = defineSignal<[{ databaseId?: string } | undefined]>('manualBackup');

/** A child's last words; sent to the policy's workflow id without a run id. */
export const operationEndedSignal = defineSignal<[OperationReport]>('operationEnded');

export const statusQuery = defineQuery<PolicyState>('status');

/** Inputs of the workflows that the API starts itself. */
export interface PolicyInput {
  readonly policyId: string;
}
export interface CheckDatabaseInput {
  readonly databaseId: string;
  readonly taskId: string;
}
export interface DeletePolicyInput {
  readonly policyId: string;
  readonly taskId: string;
}
/** A saved database, or one that is not saved: see `probeUnsavedDatabase`. */
export type TestDatabaseInput = { readonly databaseId: string } | { readonly id: string; readonly sealed: string };

export interface TestStoreInput {
  readonly id: string;
  /** See `probeUnsavedStore`. */
  readonly sealed: string;
}
