import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** How privileged acts ended; each row sealed to the one before by a hash; rows are added and nothing else. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `alter table audit_rows
    add column request_id uuid,
    add column outcome text not null default 'begun' check (outcome in ('begun', 'done', 'refused', 'unknown')),
    add column hash bytea`,
  `create function audit_hash(previous bytea, r audit_rows) returns bytea language sql stable as $$
    select sha256(previous || convert_to(jsonb_build_array(r.id, (extract(epoch from r.at) * 1000000)::bigint, r.actor_id, r.action,
      r.subject, r.details, r.remote_address, r.request_id, r.outcome)::text, 'UTF8'))
  $$`,
  `do $$
    declare r audit_rows; previous bytea := '';
    begin
      for r in select * from audit_rows order by id loop
        previous := audit_hash(previous, r);
        update audit_rows set hash = previous where id = r.id;
      end loop;
    end
  $$`,
  'alter table audit_rows alter column hash set not null, alter column id drop identity',
  // The order of the chain is that of the numbers, so the number is given under the lock, which is held until the row can be seen.
  `create function chain_audit_row() returns trigger language plpgsql as $$
    declare last audit_rows;
    begin
      perform pg_advisory_xact_lock(hashtext('audit_rows'));
      select * into last from audit_rows order by id desc limit 1;
      new.id := coalesce(last.id, 0) + 1;
      new.at := clock_timestamp();
      new.hash := audit_hash(coalesce(last.hash, ''), new);
      return new;
    end
  $$`,
  'create trigger audit_rows_chain before insert on audit_rows for each row execute function chain_audit_row()',
  `create function refuse_audit_change() returns trigger language plpgsql as $$
    begin
      raise exception 'audit rows are added and nothing else';
    end
  $$`,
  `create trigger audit_rows_stay before update or delete or truncate on audit_rows
    for each statement execute function refuse_audit_change()`,
  'create index audit_rows_subject on audit_rows (subject, id)',
  'create index audit_rows_actor on audit_rows (actor_id, id)',
];
