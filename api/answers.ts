import { z } from 'zod';
import { errorCatalogue, isErrorCode } from '#domain/errors.ts';

/** Pieces that the routes' schemas and answers share. */

export const idParams = z.strictObject({ id: z.uuid() });

export const at = z.iso.datetime().describe('UTC.');
export const maybeAt = at.nullable();

export const revisionSchema = z.int().describe('Counts the edits; also the ETag, by which If-Match refuses to overwrite another.');

/** A list in an object, so that a cursor finds its place beside the items. */
export function listOf<S extends z.ZodType>(item: S) {
  return z.object({ items: z.array(item) }).meta({ examples: [{ items: examplesOf(item) }] });
}

export const failureSchema = z.object({ code: z.string(), message: z.string(), hint: z.string() }).meta({ id: 'Failure' });

/** Those that stand beside a schema, for one that holds it. */
export function examplesOf<S extends z.ZodType>(schema: S): z.output<S>[] {
  return (schema.meta()?.['examples'] ?? []) as z.output<S>[];
}

export function viewFailure(row: { error_code: string | null; error_message: string | null }): z.infer<typeof failureSchema> | null {
  if (row.error_code === null) return null;
  const hint = isErrorCode(row.error_code) ? errorCatalogue[row.error_code].hint : '';
  return { code: row.error_code, message: row.error_message ?? '', hint };
}

export function isoOf(date: Date): string {
  return date.toISOString();
}

export function maybeIsoOf(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
