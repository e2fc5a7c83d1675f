import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** So that what is rare in a large list is found without reading all of it. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // an owner's or an administrator's catalogue may have no such extension: then a search reads every name, as it does for one or two letters
  // it may also lie in a schema of its own, where its operators are not found
  `do $$ begin
      create extension if not exists pg_trgm;
      create index databases_name_part on databases using gin (name gin_trgm_ops);
      create index databases_host_part on databases using gin (host gin_trgm_ops);
    exception when others then
      raise notice 'searches will read every name: %', sqlerrm;
    end $$`,
  'create index tasks_kind on tasks (kind, created_at, id)',
  'create index databases_status on databases (status, name, id)',
  'create index backups_kind on backups (database_id, kind, created_at, id)',
  'create index backups_status on backups (database_id, status, created_at, id)',
  'drop index backups_stored',
  `create index backups_stored on backups (policy_id) include (size_bytes, stored_bytes)
    where status in ('pending', 'running', 'completed', 'deleting')`,
  // whoever asks for the tasks of their database or policy names the owner too, which narrows nothing
  'create statistics tasks_belong (dependencies) on owner_id, database_id, policy_id from tasks',
  'create statistics backups_belong (dependencies) on database_id, policy_id from backups',
  'drop index audit_rows_subject',
  'drop index audit_rows_actor',
  'create index audit_rows_at on audit_rows (at, id)',
  'create index audit_rows_subject on audit_rows (subject, at, id)',
  'create index audit_rows_actor on audit_rows (actor_id, at, id)',
  'create index audit_rows_action on audit_rows (action, at, id)',
];
