import type { Host } from '#activities/hosts/port.ts';
import type { Store, StoreAddress } from '#activities/stores/port.ts';
import type { LogRange } from '#domain/retention.ts';
import type { BackupKind, DatabaseRole, EngineName } from '#domain/states.ts';

/** How engines differ, as data: nobody outside an engine's folder asks for its name. */
export interface Capabilities {
  /** A consistent backup needs log archiving, so it is armed even while the policy's PITR is off. */
  readonly backupNeedsLogs: boolean;
  /** The server archives what it logs by itself, all the time; otherwise every `flushLogs` does. */
  readonly archivesByItself: boolean;
  /** An incremental is made of logs, which only the primary has. */
  readonly incrementalsFromLogs: boolean;
  /** The host itself talks to the bucket: it must be told of changed credentials. */
  readonly credentialsOnHost: boolean;
  readonly defaultPort: number;
  readonly oldestVersion: string;
}

/** One generation's part of a bucket, as an engine sees it. */
export interface Repository {
  readonly store: Store;
  readonly address: StoreAddress;
  readonly generation: number;
  /** 32 bytes, when the generation is encrypted. */
  readonly key: Buffer | undefined;
}

/** A database's host, open. */
export interface HostContext {
  readonly host: Host;
  readonly database: { readonly id: string; readonly name: string; readonly port: number };
  readonly signal?: AbortSignal | undefined;
  /** Progress in bytes; of a replay in whatever unit it can be told. */
  readonly report: (done: number, total: number) => void;
}

export interface EngineContext extends HostContext {
  readonly repository: Repository;
}

export interface Health {
  readonly version: string;
  readonly role: DatabaseRole;
  /** Seconds by which a replica is behind; null on a primary, and where nothing was replayed yet. */
  readonly lagSeconds: number | null;
  readonly sizeBytes: number;
}

export interface BackupRequest {
  readonly backupId: string;
  readonly kind: BackupKind;
  /** The label of the parent; undefined for a full. */
  readonly parentLabel: string | undefined;
  /** Where the data is read; undefined is the primary. Logs are the primary's always. */
  readonly replica?: ReplicaSource | undefined;
}

export interface BackupOutcome {
  readonly kind: BackupKind;
  readonly label: string;
  /** The label that it really builds on. */
  readonly parentLabel: string | undefined;
  /** The id of the database whose data was read: the primary's, or a replica's. */
  readonly sourceId: string;
  /** Why an incremental became a full. */
  readonly fallbackReason: string | undefined;
  readonly serverVersion: string;
  readonly consistentAt: Date;
  /** Numbers of the log archives that it needs; see `domain/recovery-window.ts`. undefined while no logs are archived. */
  readonly firstLog: number | undefined;
  readonly lastLog: number | undefined;
  /** The database's own size. */
  readonly sizeBytes: number;
  /** What this backup added to the bucket. */
  readonly storedBytes: number;
}

export interface LogReport {
  readonly pieces: readonly {
    readonly sequence: number;
    readonly name: string;
    readonly sizeBytes: number;
    readonly archivedAt: Date;
    readonly coversUntil: Date | null;
  }[];
  readonly gaps: readonly { readonly sequence: number; readonly reason: string }[];
}

/** A replica whose data is read in its primary's place. */
export interface ReplicaSource {
  readonly context: HostContext;
  /** How long it may take to reach what the primary had when the backup began. */
  readonly catchUpSeconds: number;
}

/** What has to be brought back, and under which generation life goes on. */
export interface RestoreRequest {
  readonly restoreId: string;
  readonly label: string;
  /** The labels of the whole chain, the full first. */
  readonly chainLabels: readonly string[];
  /** Everything committed before it, nothing committed at or after it; undefined brings back exactly the backup. */
  readonly target: Date | undefined;
  /** The generation in which life goes on, and its key when it is encrypted. */
  readonly newGeneration: number;
  readonly newKey: Buffer | undefined;
}

/**
 * How one kind of database gives and takes back its data.
 *
 * Contract: every method is idempotent, may be called again after it was cut off anywhere, and finds what
 * an earlier call of the same ids began. Each ends with everything checked: exit codes, sizes, positions.
 * Errors are `TidemarkError`s of the catalogue; no secret is in their messages.
 */
export interface Engine {
  readonly name: EngineName;
  readonly capabilities: Capabilities;

  /** Version, role and size of the running server. Errors: `server-not-found`, `server-down`, `version-not-supported`. */
  measureHealth(context: HostContext): Promise<Health>;
  /** Installs what the engine needs on the host. Errors: `tool-missing`, `layout-not-supported`. */
  prepare(context: HostContext): Promise<void>;
  /** Turns log archiving into the context's generation on, with one restart of the server where it needs one. Errors: `archiving-in-use`, `pitr-not-possible`. */
  arm(context: EngineContext): Promise<void>;
  /** Turns log archiving off and removes every file and credential of ours from the host. */
  disarm(context: EngineContext): Promise<void>;
  /** Takes a backup, proves it (P1) and writes its manifest last. Errors: `backup-failed`, `backup-not-proven`, `disk-full`, `tables-not-supported`, and for a replica `replica-not-usable`. */
  backUp(context: EngineContext, request: BackupRequest): Promise<BackupOutcome>;
  /** Everything committed up to now is in the archive when it returns. Errors: `archiving-stalled`. */
  flushLogs(context: EngineContext): Promise<LogMark>;
  /** Walks over the archive itself: what is there, what is missing. */
  checkContinuity(context: EngineContext, from: number, marks: readonly LogMark[]): Promise<LogReport>;
  /** Removes backups, by label or, where they were never proven, by id, with what builds on them, from the repository. */
  expire(context: EngineContext, backups: readonly string[]): Promise<void>;
  /** Removes every log archive that none of the ranges holds. */
  expireLogs(context: EngineContext, keep: readonly LogRange[]): Promise<void>;
  readonly restore: RestoreSteps;
}

/** Every commit before `coversUntil` is in the log archive `sequence` or an earlier one. */
export interface LogMark {
  readonly sequence: number;
  readonly coversUntil: Date;
}

/**
 * A restore, cut by its phases; the context's repository is the generation that is read from.
 *
 * Up to `swap` the running server and its data are untouched. After `swap` the restored data serves;
 * `swapBack` undoes it, or does nothing where nothing was swapped. `cleanUp` removes what is left over of
 * whichever side does not serve, never the side that serves.
 */
export interface RestoreSteps {
  /** Errors: `disk-too-small` with the numbers, `object-missing`, `layout-not-supported`. */
  preflight(context: EngineContext, request: RestoreRequest): Promise<void>;
  /** Writes the base and its incrementals into a new data directory beside the old one. */
  build(context: EngineContext, request: RestoreRequest): Promise<void>;
  /** Rolls it forward in private and checks that it stopped exactly at the target. Errors: `target-not-reached`. */
  recover(context: EngineContext, request: RestoreRequest): Promise<void>;
  /** Stops the server, puts the new directory in the old one's place, starts and checks. On failure it swaps back and throws `restore-swapped-back`. */
  swap(context: EngineContext, request: RestoreRequest): Promise<void>;
  swapBack(context: EngineContext, request: RestoreRequest): Promise<void>;
  /**
   * Archives what the replaced server wrote between the last archiving and its end, into the context's generation: the one that it
   * archived into. Undefined where nothing was exchanged, or nothing was archived. Errors: `archiving-stalled`, `log-torn`.
   */
  archiveFormer(context: EngineContext, request: RestoreRequest): Promise<LogMark | undefined>;
  cleanUp(context: EngineContext, request: RestoreRequest): Promise<void>;
}
