import type { ColumnType, Generated, Kysely, Transaction } from 'kysely';
import type {
  AuditOutcome,
  BackupKind,
  BackupStatus,
  DatabaseRole,
  DatabaseStatus,
  EngineName,
  FullFrequency,
  IncrementalHours,
  PitrStatus,
  NoticeKind,
  PolicyStatus,
  TaskKind,
  TaskStatus,
  TokenScope,
  UserRole,
  Weekday,
} from '#domain/states.ts';

type CreatedAt = ColumnType<Date, never, never>;
/** Counts the edits; the catalogue does. */
type Revision = ColumnType<number, never, never>;
type Json<T> = ColumnType<T, string, string>;

interface UsersTable {
  id: string;
  email: string;
  name: string;
  role: UserRole;
  password_hash: string;
  /** Gets the mails about everybody's policies; only an admin does. */
  receives_all_notices: Generated<boolean>;
  disabled_at: Date | null;
  revision: Revision;
  created_at: CreatedAt;
}

interface SessionsTable {
  /** By which its user knows it; the token alone opens it. */
  id: Generated<string>;
  token_hash: Buffer;
  user_id: string;
  /** When the password was given last. */
  confirmed_at: Generated<Date>;
  address: ColumnType<string | null, string | null | undefined, never>;
  user_agent: ColumnType<string | null, string | null | undefined, never>;
  created_at: CreatedAt;
  last_seen_at: Generated<Date>;
  expires_at: Date;
}

interface ApiTokensTable {
  id: string;
  user_id: string;
  name: string;
  scope: TokenScope;
  token_hash: Buffer;
  created_at: CreatedAt;
  expires_at: Date;
  last_used_at: ColumnType<Date | null, never, Date>;
}

interface SshKeysTable {
  id: string;
  owner_id: string;
  public_key: string;
  private_key_sealed: Buffer;
  created_at: CreatedAt;
}

interface DatabasesTable {
  id: string;
  owner_id: string;
  name: string;
  engine: EngineName;
  version: string | null;
  host: string;
  port: number;
  ssh_port: number;
  ssh_user: string;
  ssh_key_sealed: Buffer;
  /** Of which pair of `ssh_keys` it is a copy; null for a key that was brought along. */
  ssh_key_id: ColumnType<string | null, string | null | undefined, string | null>;
  /** The pinned public key of the host; null until the first check. */
  host_key: string | null;
  role: DatabaseRole;
  primary_id: string | null;
  status: Generated<DatabaseStatus>;
  status_message: string | null;
  checked_at: Date | null;
  /** No longer looked at or listed; its SSH key is gone. */
  deleted_at: Date | null;
  revision: Revision;
  created_at: CreatedAt;
}

interface PoliciesTable {
  id: string;
  owner_id: string;
  name: string;
  endpoint: string;
  region: string;
  bucket: string;
  prefix: string;
  access_key: string;
  secret_key_sealed: Buffer;
  ca_pem: string | null;
  full_frequency: FullFrequency;
  full_time: string;
  full_day: Weekday;
  incremental_hours: IncrementalHours;
  pitr_enabled: boolean;
  /** How often logs are archived where the server does not do it by itself. */
  log_archive_minutes: Generated<number>;
  retention_fulls: number;
  retention_incremental_days: number;
  retention_log_hours: number;
  encryption_enabled: boolean;
  /** 32 bytes, sealed; every key of the policy's backups is derived from it. */
  policy_key_sealed: Buffer;
  status: Generated<PolicyStatus>;
  consecutive_failures: Generated<number>;
  last_error: string | null;
  credentials_verified_at: Date | null;
  next_full_at: Date | null;
  next_incremental_at: Date | null;
  /** No longer anybody's policy; the row stays for the backups that do. */
  deleted_at: Date | null;
  revision: Revision;
  created_at: CreatedAt;
}

interface AttachmentsTable {
  database_id: string;
  policy_id: string;
  pitr_status: Generated<PitrStatus>;
  pitr_message: string | null;
  created_at: CreatedAt;
}

interface GenerationsTable {
  database_id: string;
  number: number;
  policy_id: string;
  encrypted: boolean;
  reason: string;
  created_at: CreatedAt;
  ended_at: Date | null;
}

interface BackupsTable {
  id: string;
  database_id: string;
  policy_id: string;
  generation: number;
  kind: BackupKind;
  status: Generated<BackupStatus>;
  parent_id: string | null;
  /** Why an incremental that was asked for became a full. */
  fallback_reason: string | null;
  source_reason: string | null;
  /** The server that the backup was read from. */
  source_id: string;
  /** The engine's own name of the backup. */
  label: string | null;
  server_version: string | null;
  consistent_at: Date | null;
  first_log: ColumnType<number | null, number | null, number | null>;
  last_log: ColumnType<number | null, number | null, number | null>;
  size_bytes: number | null;
  stored_bytes: number | null;
  error_code: string | null;
  error_message: string | null;
  /** Which attempt takes it; null until the first one. */
  attempt_id: string | null;
  created_at: CreatedAt;
  started_at: Date | null;
  ended_at: Date | null;
}

interface LogArchivesTable {
  database_id: string;
  generation: number;
  /** The piece `n + 1` continues the piece `n`. */
  sequence: number;
  name: string;
  size_bytes: number;
  archived_at: Date;
  /** Every commit before this instant is in this piece or an earlier one. */
  covers_until_at: Date | null;
}

interface LogGapsTable {
  database_id: string;
  generation: number;
  sequence: number;
  reason: string;
  found_at: Generated<Date>;
  told: Generated<boolean>;
}

interface RestoresTable {
  id: string;
  database_id: string;
  policy_id: string;
  backup_id: string | null;
  target_at: Date | null;
  /** What the plan chose. */
  base_backup_id: string | null;
  generation: number | null;
  /** The generation in which life goes on after it. */
  new_generation: number | null;
  requested_by: string | null;
  created_at: CreatedAt;
}

interface TasksTable {
  id: string;
  kind: TaskKind;
  status: Generated<TaskStatus>;
  owner_id: string;
  database_id: string | null;
  policy_id: string | null;
  backup_id: string | null;
  restore_id: string | null;
  workflow_id: string | null;
  /** Of the API's request that asked for it; null where nobody did. */
  request_id: ColumnType<string | null, string | null | undefined, never>;
  phase: string | null;
  progress_done: number | null;
  progress_total: number | null;
  error_code: string | null;
  error_message: string | null;
  created_at: CreatedAt;
  started_at: Date | null;
  ended_at: Date | null;
}

interface NoticesTable {
  id: string;
  event: string;
  kind: NoticeKind;
  recipient_id: string;
  subject: string;
  body_text: string;
  body_html: string;
  created_at: CreatedAt;
  sent_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  last_error: ColumnType<string | null, string | null | undefined, string | null>;
}

interface AuditRowsTable {
  /** Without gaps, in the order of the chain. */
  id: number;
  at: Generated<Date>;
  actor_id: string | null;
  action: string;
  subject: string;
  details: Json<Record<string, unknown>>;
  remote_address: string | null;
  request_id: string | null;
  outcome: AuditOutcome;
  /** Over the row and the hash of the row before; the catalogue writes it. */
  hash: Buffer;
}

interface IdempotencyKeysTable {
  user_id: string;
  key: string;
  request_hash: Buffer;
  created_at: CreatedAt;
  ended_at: ColumnType<Date | null, never, Date>;
  /** Of whoever succeeded. */
  answer_sealed: ColumnType<Buffer | null, never, Buffer | null>;
}

export interface Tables {
  users: UsersTable;
  sessions: SessionsTable;
  api_tokens: ApiTokensTable;
  ssh_keys: SshKeysTable;
  databases: DatabasesTable;
  policies: PoliciesTable;
  attachments: AttachmentsTable;
  generations: GenerationsTable;
  backups: BackupsTable;
  log_archives: LogArchivesTable;
  log_gaps: LogGapsTable;
  restores: RestoresTable;
  tasks: TasksTable;
  notices: NoticesTable;
  audit_rows: AuditRowsTable;
  idempotency_keys: IdempotencyKeysTable;
}

export type Catalogue = Kysely<Tables>;
export type CatalogueTransaction = Transaction<Tables>;
