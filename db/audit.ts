import type { Insertable, Selectable } from 'kysely';
import { sql } from 'kysely';
import { isAfter, requireCursor } from './paging.ts';
import type { Catalogue, Tables } from './tables.ts';

export type AuditRow = Selectable<Tables['audit_rows']>;

/** Number, time and hash are the catalogue's. Inside a transaction, before any row is locked: until its end no other row is added. */
export async function insertAuditRow(db: Catalogue, row: Omit<Insertable<Tables['audit_rows']>, 'id' | 'at' | 'hash'>): Promise<void> {
  // both are set by the trigger
  await db
    .insertInto('audit_rows')
    .values({ ...row, id: 0, hash: Buffer.alloc(0) })
    .execute();
}

export interface AuditFilter {
  readonly actorId?: string | undefined;
  readonly subject?: string | undefined;
  readonly action?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Only rows that come after the one of this number. */
  readonly before?: number | undefined;
}

/** Newest first: by time, so that no filter by time reads what lies outside it; where the clock was set back, not by number. */
export async function listAuditRows(db: Catalogue, filter: AuditFilter, limit: number): Promise<AuditRow[]> {
  await requireCursor(db, 'audit_rows', filter.before?.toString());
  let query = db.selectFrom('audit_rows').selectAll().orderBy('at', 'desc').orderBy('id', 'desc').limit(limit);
  if (filter.actorId !== undefined) query = query.where('actor_id', '=', filter.actorId);
  if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject);
  if (filter.action !== undefined) query = query.where('action', '=', filter.action);
  if (filter.from !== undefined) query = query.where('at', '>=', filter.from);
  if (filter.to !== undefined) query = query.where('at', '<', filter.to);
  if (filter.before !== undefined) query = query.where(isAfter('audit_rows', 'at', 'desc', filter.before.toString()));
  return query.execute();
}

export interface AuditVerification {
  readonly rows: number;
  /** The number of the first row that was changed, or before which one is missing; null when there is none. */
  readonly brokenAt: number | null;
  /** Number and hash of the newest row: noted elsewhere, they show later that nothing was cut off at the end. */
  readonly newest: { readonly id: number; readonly hash: Buffer } | null;
}

/** Reads all rows. */
export async function verifyAuditRows(db: Catalogue): Promise<AuditVerification> {
  const { rows } = await sql<{ rows: number; broken_at: number | null }>`
    with chain as (
      select a.id, a.hash = audit_hash(coalesce(lag(a.hash) over w, ''), a) as holds
      from audit_rows a window w as (order by a.id)
    )
    select count(*) as rows, min(id) filter (where not holds) as broken_at from chain`.execute(db);
  const newest = await db.selectFrom('audit_rows').select(['id', 'hash']).orderBy('id', 'desc').limit(1).executeTakeFirst();
  return { rows: rows[0]?.rows ?? 0, brokenAt: rows[0]?.broken_at ?? null, newest: newest ?? null };
}
