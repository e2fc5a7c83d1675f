import type {
  BackupKind,
  BackupStatus,
  DatabaseRole,
  DatabaseStatus,
  EngineName,
  PitrStatus,
  PolicyStatus,
  TaskKind,
  TaskStatus,
  UserRole,
} from '#domain/states.ts';

/** Of the API's answers the fields that are shown; `--json` prints all that came. Times are ISO 8601, UTC. */

export interface List<T> {
  readonly items: readonly T[];
  /** Of the next page; null at the last one. */
  readonly nextCursor: string | null;
}

export interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: UserRole;
}

export interface Database {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  readonly engine: EngineName;
  readonly version: string | null;
  readonly host: string;
  readonly port: number;
  readonly sshPort: number;
  readonly sshUser: string;
  readonly hostKeyFingerprint: string | null;
  readonly role: DatabaseRole;
  readonly primaryId: string | null;
  readonly status: DatabaseStatus;
  readonly statusMessage: string | null;
  readonly checkedAt: string | null;
  readonly attachment: Attachment | null;
  readonly createdAt: string;
}

interface Attachment {
  readonly policyId: string;
  readonly policyName: string;
  readonly pitrStatus: PitrStatus;
  readonly pitrMessage: string | null;
  readonly lastSuccessAt: string | null;
  readonly overdueSince: string | null;
}

export interface Policy {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  readonly status: PolicyStatus;
  readonly consecutiveFailures: number;
  readonly lastError: string | null;
  readonly store: { readonly endpoint: string; readonly region: string; readonly bucket: string; readonly prefix: string };
  readonly schedule: {
    readonly fullFrequency: string;
    readonly fullTime: string;
    readonly fullDay: string;
    readonly incrementalHours: number;
  };
  readonly retention: { readonly fulls: number; readonly incrementalDays: number; readonly logHours: number };
  readonly pitrEnabled: boolean;
  readonly logArchiveMinutes: number;
  readonly encryptionEnabled: boolean;
  readonly nextSlots: readonly { readonly at: string; readonly kind: BackupKind }[];
  readonly createdAt: string;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface Backup {
  readonly id: string;
  readonly kind: BackupKind;
  readonly status: BackupStatus;
  readonly consistentAt: string | null;
  readonly sizeBytes: number | null;
  readonly storedBytes: number | null;
  readonly error: Failure | null;
  readonly createdAt: string;
}

export interface RecoveryWindow {
  readonly intervals: readonly Interval[];
  readonly holes: readonly (Interval & { readonly reason: string })[];
  readonly reason: string | null;
}

/** A time after `from` and not after `to`. */
export interface Interval {
  readonly from: string;
  readonly to: string;
}

export interface RestorePlan {
  /** false where the plan can only be made once the newest logs are archived. */
  readonly isKnown: boolean;
  readonly generation: number | null;
  readonly chain: readonly {
    readonly backupId: string;
    readonly kind: BackupKind;
    readonly consistentAt: string | null;
    readonly sizeBytes: number | null;
  }[];
  readonly logs: { readonly pieces: number; readonly bytes: number } | null;
  readonly diskBytes: number | null;
  readonly expectedSeconds: number | null;
}

export interface CreatedRestore {
  readonly taskId: string;
}

export interface Task {
  readonly id: string;
  readonly kind: TaskKind;
  readonly status: TaskStatus;
  readonly phase: string | null;
  readonly progress: { readonly done: number; readonly total: number; readonly percent: number } | null;
  readonly error: Failure | null;
  readonly databaseId: string | null;
  readonly policyId: string | null;
  readonly workflowId: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}
