import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** Databases that were removed: the row stays for the tasks and backups that name it. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  'alter table databases add column deleted_at timestamptz, drop constraint databases_owner_id_name_key',
  'create unique index databases_owner_name on databases (owner_id, name) where deleted_at is null',
];
