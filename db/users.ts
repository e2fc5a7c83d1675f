import type { Selectable } from 'kysely';
import type { Catalogue, Tables } from './tables.ts';

export type UserRow = Selectable<Tables['users']>;

export async function findUserByEmail(db: Catalogue, email: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('email', '=', email.toLowerCase()).executeTakeFirst();
}

export async function findUser(db: Catalogue, id: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Who gets the mails about what belongs to `ownerId`: that user, and the admins who want all. */
export async function listNoticeRecipients(db: Catalogue, ownerId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('users')
    .select('id')
    .where('disabled_at', 'is', null)
    .where((e) => e.or([e('id', '=', ownerId), e.and([e('receives_all_notices', '=', true), e('role', '=', 'admin')])]))
    .execute();
  return rows.map(({ id }) => id);
}

export async function setReceivesAllNotices(db: Catalogue, id: string, receives: boolean): Promise<void> {
  await db.updateTable('users').set({ receives_all_notices: receives }).where('id', '=', id).execute();
}

export async function hasUsers(db: Catalogue): Promise<boolean> {
  return (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined;
}

export async function insertUser(db: Catalogue, user: Pick<UserRow, 'id' | 'email' | 'name' | 'role' | 'password_hash'>): Promise<void> {
  await db.insertInto('users').values(user).execute();
}

export async function insertSession(db: Catalogue, session: { token_hash: Buffer; user_id: string; expires_at: Date }): Promise<void> {
  await db.insertInto('sessions').values(session).execute();
}

/** The user of a session that has not expired and was seen after `idleSince`; notes that it was seen. */
export async function findSessionUser(db: Catalogue, tokenHash: Buffer, idleSince: Date): Promise<UserRow | undefined> {
  const session = await db
    .updateTable('sessions')
    .set({ last_seen_at: new Date() })
    .where('token_hash', '=', tokenHash)
    .where('expires_at', '>', new Date())
    .where('last_seen_at', '>', idleSince)
    .returning('user_id')
    .executeTakeFirst();
  if (session === undefined) return undefined;
  return db.selectFrom('users').selectAll().where('id', '=', session.user_id).where('disabled_at', 'is', null).executeTakeFirst();
}

export async function deleteSession(db: Catalogue, tokenHash: Buffer): Promise<void> {
  await db.deleteFrom('sessions').where('token_hash', '=', tokenHash).execute();
}
