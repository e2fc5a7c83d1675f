import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** A backup knows which attempt takes it, so that one that was given up cannot complete it any more. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`alter table backups add column attempt_id uuid`.execute(db);
}
