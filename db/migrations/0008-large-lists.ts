import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** So that no list reads a whole table, however many rows it has. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  'create index databases_name on databases (name, id)',
  'create index databases_created on databases (created_at, id)',
  'create index databases_owner_created on databases (owner_id, created_at, id)',
  'create index policies_listed on policies (name, id) where deleted_at is null',
  'drop index backups_database',
  'create index backups_database on backups (database_id, created_at, id)',
  `create index backups_success on backups (database_id, policy_id, ended_at) where status in ('completed', 'deleting', 'deleted')`,
  `create index backups_completed on backups (database_id, kind, ended_at) where status = 'completed'`,
  `create index backups_stored on backups (policy_id) where status in ('pending', 'running', 'completed', 'deleting')`,
  'drop index tasks_owner',
  'drop index tasks_database',
  'create index tasks_created on tasks (created_at, id)',
  'create index tasks_owner on tasks (owner_id, created_at, id)',
  'create index tasks_database on tasks (database_id, created_at, id)',
  'create index tasks_policy on tasks (policy_id, created_at, id)',
  'create index tasks_status on tasks (status, created_at, id)',
  'create index tasks_ended on tasks (ended_at)',
  'create index tasks_restore on tasks (restore_id) where restore_id is not null',
  'create index generations_policy on generations (policy_id)',
  'create index notices_created on notices (created_at, id)',
  'create index notices_unsent on notices (created_at) where sent_at is null',
];
