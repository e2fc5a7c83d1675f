import { z } from 'zod';
import { examplesOf } from './answers.ts';

const MAX_LIMIT = 500;
const USUAL_LIMIT = 100;

/** Of lists whose cursor is the id of a row. */
export const rowPageQuery = pageQuery(z.uuid());

/** A switch in a query. */
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** What every long list is asked with. */
export function pageQuery<C extends z.ZodType>(cursor: C) {
  return z.strictObject({
    limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(USUAL_LIMIT).describe('How many at most.'),
    cursor: cursor.optional().describe('The `nextCursor` of the page before.'),
  });
}

export function pageOf<S extends z.ZodType>(item: S) {
  return z
    .object({ items: z.array(item), nextCursor: z.string().nullable().describe('Of the next page; null at the last one.') })
    .meta({ examples: [{ items: examplesOf(item), nextCursor: null }] });
}
