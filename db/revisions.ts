import { TidemarkError } from '#domain/errors.ts';
import type { CatalogueTransaction } from './tables.ts';

/** Whose edits the catalogue counts. */
export type RevisedTable = 'databases' | 'policies' | 'users';

/** Of one row, which nobody else edits until the transaction ends. Throws `not-found`. */
export async function lockRevision(transaction: CatalogueTransaction, table: RevisedTable, id: string): Promise<number> {
  const row = await transaction.selectFrom(table).select('revision').where('id', '=', id).forUpdate().executeTakeFirst();
  if (row === undefined) throw new TidemarkError('not-found', `there is none ${id}`);
  return row.revision;
}
