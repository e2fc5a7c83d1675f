import type { Insertable, Selectable } from 'kysely';
import type { Catalogue, Tables } from './tables.ts';
import type { UserRow } from './users.ts';

export type SessionRow = Selectable<Tables['sessions']>;

export async function insertSession(db: Catalogue, session: Insertable<Tables['sessions']>): Promise<void> {
  await db.insertInto('sessions').values(session).execute();
}

/** So that a request that only reads writes nothing, and many of one session do not wait for each other. */
const SEEN_TO_MS = 60_000;

/**
 * A session that has not expired and was seen after `idleSince`, with its user, unless that one is disabled; notes that it is seen now, to
 * the minute, if it is.
 */
export async function findSession(
  db: Catalogue,
  tokenHash: Buffer,
  { idleSince, isSeen }: { idleSince: Date; isSeen: boolean },
): Promise<{ session: Pick<SessionRow, 'id' | 'confirmed_at'>; user: UserRow } | undefined> {
  const now = new Date();
  const found = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .selectAll('users')
    .select(['sessions.id as session_id', 'sessions.confirmed_at', 'sessions.last_seen_at'])
    .where('sessions.token_hash', '=', tokenHash)
    .where('sessions.expires_at', '>', now)
    .where('sessions.last_seen_at', '>', idleSince)
    .where('users.disabled_at', 'is', null)
    .executeTakeFirst();
  if (found === undefined) return undefined;
  const { session_id: id, confirmed_at, last_seen_at, ...user } = found;
  const seenBefore = new Date(now.getTime() - SEEN_TO_MS);
  if (isSeen && last_seen_at < seenBefore)
    await db.updateTable('sessions').set({ last_seen_at: now }).where('id', '=', id).where('last_seen_at', '<', seenBefore).execute();
  return { session: { id, confirmed_at }, user };
}

/** Of one user, those that can still be used, the one that was seen last first. */
export async function listSessions(db: Catalogue, userId: string, idleSince: Date): Promise<SessionRow[]> {
  return db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('expires_at', '>', new Date())
    .where('last_seen_at', '>', idleSince)
    .orderBy('last_seen_at', 'desc')
    .orderBy('id')
    .execute();
}

/** The password was given again. */
export async function confirmSession(db: Catalogue, id: string): Promise<void> {
  await db.updateTable('sessions').set({ confirmed_at: new Date() }).where('id', '=', id).execute();
}

/** Returns false when the user has no such session. */
export async function deleteSession(db: Catalogue, userId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('sessions').where('user_id', '=', userId).where('id', '=', id).executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** All of a user, but the one that is to stay. */
export async function deleteSessionsOf(db: Catalogue, userId: string, keepId?: string): Promise<void> {
  const query = db.deleteFrom('sessions').where('user_id', '=', userId);
  await (keepId === undefined ? query : query.where('id', '!=', keepId)).execute();
}
