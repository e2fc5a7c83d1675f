import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** Key pairs that Tidemark made, for the logins of databases; a database has a copy of its own. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table ssh_keys (
    id uuid primary key,
    owner_id uuid not null references users on delete cascade,
    public_key text not null,
    private_key_sealed bytea not null,
    created_at timestamptz not null default now()
  )`,
  'alter table databases add column ssh_key_id uuid references ssh_keys on delete set null',
  'create index databases_ssh_key on databases (ssh_key_id) where ssh_key_id is not null',
];
