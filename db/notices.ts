import type { Insertable, Selectable } from 'kysely';
import { noticeTriesMs } from '#domain/notices.ts';
import { isAfter, type Page, type PageRequest, requireCursor, toPage } from './paging.ts';
import type { Catalogue, Tables } from './tables.ts';

type NoticeRow = Selectable<Tables['notices']>;

/** One for each recipient and event; the same event again changes nothing. */
export async function insertNotice(db: Catalogue, notice: Insertable<Tables['notices']>): Promise<void> {
  await db
    .insertInto('notices')
    .values(notice)
    .onConflict((conflict) => conflict.columns(['event', 'recipient_id']).doNothing())
    .execute();
}

/** Those of an event that are still to be sent, with the address of each. */
export async function listUnsentNotices(db: Catalogue, event: string): Promise<(NoticeRow & { email: string })[]> {
  return db
    .selectFrom('notices')
    .innerJoin('users', 'users.id', 'notices.recipient_id')
    .selectAll('notices')
    .select('users.email')
    .where('notices.event', '=', event)
    .where('notices.sent_at', 'is', null)
    .execute();
}

export async function markNoticeSent(db: Catalogue, id: string): Promise<void> {
  await db.updateTable('notices').set({ sent_at: new Date(), last_error: null }).where('id', '=', id).execute();
}

/** What the mail server said; shown to admins. */
export async function markNoticeUnsent(db: Catalogue, id: string, error: string): Promise<void> {
  await db.updateTable('notices').set({ last_error: error }).where('id', '=', id).execute();
}

type ShownNotice = Omit<NoticeRow, 'body_text' | 'body_html'> & { email: string };

/** The outbox, newest first, without the texts, with the address of each; of those that are sent or not, or of all. */
export async function listNotices(
  db: Catalogue,
  { isSent }: { readonly isSent?: boolean | undefined },
  page: PageRequest,
): Promise<Page<ShownNotice>> {
  await requireCursor(db, 'notices', page.cursor);
  let query = db
    .selectFrom('notices')
    .innerJoin('users', 'users.id', 'notices.recipient_id')
    .select(['notices.id', 'event', 'kind', 'recipient_id', 'subject', 'notices.created_at', 'sent_at', 'last_error', 'users.email'])
    .orderBy('notices.created_at', 'desc')
    .orderBy('notices.id', 'desc')
    .limit(page.limit + 1);
  if (isSent !== undefined) query = query.where('notices.sent_at', isSent ? 'is not' : 'is', null);
  if (page.cursor !== undefined) query = query.where(isAfter('notices', 'created_at', 'desc', page.cursor));
  return toPage(await query.execute(), page);
}

/** Those that are still tried. */
export async function countUnsentNotices(db: Catalogue): Promise<number> {
  const { count } = await db
    .selectFrom('notices')
    .where('sent_at', 'is', null)
    .where('created_at', '>', new Date(Date.now() - noticeTriesMs))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}
