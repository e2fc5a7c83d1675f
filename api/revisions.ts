import { lockRevision, type RevisedTable } from '#db/revisions.ts';
import type { CatalogueTransaction } from '#db/tables.ts';
import { TidemarkError } from '#domain/errors.ts';
import { InvalidRequestError } from './problems.ts';

/** The `ETag` of what has a revision. */
export function etagOf(revision: number): string {
  return `"${revision}"`;
}

/** The revision that an edit expects, by `If-Match`; undefined for any. */
export function readExpectedRevision(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const revision = Number(/^"([1-9]\d{0,8})"$/.exec(header)?.[1]);
  if (!Number.isNaN(revision)) return revision;
  throw new InvalidRequestError([{ in: 'header', path: 'If-Match', message: 'must be the ETag of the last answer, such as "3"' }]);
}

/** Until the transaction ends nobody else edits it. Errors: `edited-meanwhile`, `not-found`. */
export async function requireRevision(
  transaction: CatalogueTransaction,
  table: RevisedTable,
  id: string,
  expected: number | undefined,
): Promise<void> {
  const revision = await lockRevision(transaction, table, id);
  if (expected !== undefined && revision !== expected)
    throw new TidemarkError('edited-meanwhile', `it is at revision ${revision}, and the edit was made for revision ${expected}`);
}
