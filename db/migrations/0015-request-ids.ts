import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** Tasks know which request asked for them. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`alter table tasks add column request_id uuid`.execute(db);
}
