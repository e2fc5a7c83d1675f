import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** Sessions that their user can see and end, and that know when the password was given; tokens for programs. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `alter table sessions
    add column id uuid not null default gen_random_uuid() unique,
    add column confirmed_at timestamptz not null default now(),
    add column address text,
    add column user_agent text`,
  `create table api_tokens (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    name text not null,
    scope text not null check (scope in ('read', 'operate', 'full')),
    token_hash bytea not null unique,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    last_used_at timestamptz,
    unique (user_id, name)
  )`,
];
