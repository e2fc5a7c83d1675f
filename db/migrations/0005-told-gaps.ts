import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** Whether people were told of a gap: a restore may be the first to find one. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql.raw('alter table log_gaps add column told boolean not null default true').execute(db);
}
