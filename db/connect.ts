import { Kysely, PostgresDialect } from 'kysely';
import { Pool, types } from 'pg';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import type { Catalogue, Tables } from './tables.ts';

/** Opens the catalogue at a `postgresql://` URL. Whole numbers beyond 2^53 are refused instead of rounded. */
export function connectCatalogue(url: string, poolSize = 10): Catalogue {
  const pool = new Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 10_000,
    // what a process that is gone has locked is free again
    idle_in_transaction_session_timeout: 60_000,
    types: { getTypeParser: (oid, format) => (oid === types.builtins.INT8 ? safeInteger : types.getTypeParser(oid, format)) },
  });
  // An idle connection that breaks is replaced by the pool at the next query, which then reports what is wrong.
  pool.on('error', () => undefined);
  // One that breaks between two queries of a transaction is told by the second; unheard, the event would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} from the catalogue is too large for a number`);
  return value;
}

export async function pingCatalogue(db: Catalogue): Promise<void> {
  try {
    await db.selectFrom('users').select('id').limit(1).execute();
  } catch (error) {
    throw new TidemarkError('catalogue-unavailable', `the catalogue does not answer: ${messageOf(error)}`, { cause: error });
  }
}
