import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** One notice for each event and recipient, whatever is retried; how far its sending is. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  'drop table notices',
  `create table notices (
    id uuid primary key,
    event text not null,
    kind text not null check (kind in ('backup-failed', 'policy-paused', 'pitr-gap', 'source-changed')),
    recipient_id uuid not null references users,
    subject text not null,
    body_text text not null,
    body_html text not null,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    last_error text,
    unique (event, recipient_id)
  )`,
];
