import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** Why a backup was read where it was. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql.raw('alter table backups add column source_reason text').execute(db);
}
