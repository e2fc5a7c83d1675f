import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** Whoever listens on `tidemark_changes` hears of every row that changed of what the panel shows, once it is committed. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const tables = {
  task: 'tasks',
  database: 'databases',
  policy: 'policies',
  attachment: 'attachments',
  backup: 'backups',
  restore: 'restores',
  notice: 'notices',
} as const;

const statements = [
  // what is no row of its own database has the owner of the database
  `create function tell_change() returns trigger language plpgsql as $$
    declare
      kind text := tg_argv[0];
      r jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
      database_id uuid := case kind when 'database' then r->>'id' else r->>'database_id' end;
      owner_id uuid := coalesce(r->>'owner_id', r->>'recipient_id');
    begin
      if owner_id is null then
        select d.owner_id into owner_id from databases d where d.id = database_id;
      end if;
      perform pg_notify('tidemark_changes', jsonb_build_object('kind', kind, 'id', coalesce(r->>'id', r->>'database_id'),
        'ownerId', owner_id, 'databaseId', database_id, 'policyId', case kind when 'policy' then r->>'id' else r->>'policy_id' end)::text);
      return null;
    end
  $$`,
  ...Object.entries(tables).flatMap(([kind, table]) => [
    `create trigger ${table}_told after insert or delete on ${table} for each row execute function tell_change('${kind}')`,
    `create trigger ${table}_change_told after update on ${table} for each row when (old.* is distinct from new.*)
      execute function tell_change('${kind}')`,
  ]),
];
