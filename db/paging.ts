import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Catalogue, Tables } from './tables.ts';
import { TidemarkError } from '#domain/errors.ts';

export interface PageRequest {
  readonly limit: number;
  /** The id of the last row of the page before. */
  readonly cursor?: string | undefined;
}

export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

type Listed = 'databases' | 'policies' | 'backups' | 'tasks' | 'notices' | 'audit_rows';
export type Direction = 'asc' | 'desc';

/**
 * Whether a row comes after the cursor's in the order of (column, id). The cursor's own values are taken from its row: a Date would
 * have lost its microseconds.
 */
export function isAfter<T extends Listed>(
  table: T,
  column: keyof Tables[T] & string,
  direction: Direction,
  cursor: string,
): RawBuilder<SqlBool> {
  const [here, id] = [sql.ref(`${table}.${column}`), sql.ref(`${table}.id`)];
  const there = sql`(select ${sql.ref(column)}, id from ${sql.table(table)} where id = ${cursor})`;
  return sql<SqlBool>`(${here}, ${id}) ${sql.raw(direction === 'asc' ? '>' : '<')} ${there}`;
}

/** A pattern of `ilike` for texts that hold another. */
export function holding(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

/**
 * Throws `invalid-request` where the cursor's row is not among those that `of` allows: the page after it would be empty and look like
 * the end, and another's row must not be told from none.
 */
export async function requireCursor(
  db: Catalogue,
  table: Listed,
  cursor: string | undefined,
  of: Readonly<Record<string, string | undefined>> = {},
): Promise<void> {
  if (cursor === undefined) return;
  const conditions = Object.entries(of).flatMap(([column, value]) => (value === undefined ? [] : [sql`${sql.ref(column)} = ${value}`]));
  const { rows } = await sql`select 1 from ${sql.table(table)} where ${sql.join([sql`id = ${cursor}`, ...conditions], sql` and `)}`.execute(
    db,
  );
  if (rows.length === 0) throw new TidemarkError('invalid-request', `cursor: ${cursor} is not in this list; begin anew without it`);
}

/** Of rows that were asked for with one more than the page holds. */
export function toPage<T extends { readonly id: string }>(rows: T[], { limit }: PageRequest): Page<T> {
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
