import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** How often logs are archived beside the backups; policies that were deleted while their backups stay; log archiving as a task; admins who want every mail. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `alter table policies
    add column log_archive_minutes integer not null default 5 check (log_archive_minutes between 1 and 60),
    add column deleted_at timestamptz,
    drop constraint policies_owner_id_name_key`,
  'create unique index policies_name on policies (owner_id, name) where deleted_at is null',
  `alter table tasks
    drop constraint tasks_kind_check,
    add constraint tasks_kind_check check (kind in ('attach', 'detach', 'backup', 'restore', 'retention', 'delete', 'check', 'configure'))`,
  'alter table users add column receives_all_notices boolean not null default false',
];
