import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** Requests that are sent twice, and edits that meet. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

/** What people edit; the rest of a row changes by itself. */
const edited = {
  databases: 'name host port ssh_port ssh_user ssh_key_sealed host_key',
  policies: `name endpoint region bucket prefix access_key secret_key_sealed ca_pem full_frequency full_time full_day incremental_hours
    pitr_enabled log_archive_minutes retention_fulls retention_incremental_days retention_log_hours encryption_enabled`,
  users: 'name role password_hash disabled_at receives_all_notices',
} as const;

const statements = [
  `create table idempotency_keys (
    user_id uuid not null references users on delete cascade,
    key text not null,
    request_hash bytea not null,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    answer_sealed bytea,
    primary key (user_id, key)
  )`,
  'create index idempotency_keys_created on idempotency_keys (created_at)',
  `create function count_revision() returns trigger language plpgsql as $$
    begin
      new.revision := old.revision + 1;
      return new;
    end
  $$`,
  ...Object.entries(edited).flatMap(([table, columns]) => [
    `alter table ${table} add column revision integer not null default 1`,
    `create trigger ${table}_revision before update on ${table} for each row
      when (${rowOf('old', columns)} is distinct from ${rowOf('new', columns)}) execute function count_revision()`,
  ]),
];

function rowOf(record: 'old' | 'new', columns: string): string {
  return `(${columns
    .split(/\s+/)
    .map((name) => `${record}.${name}`)
    .join(', ')})`;
}
