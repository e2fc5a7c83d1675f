import type { Selectable } from 'kysely';
import { TidemarkError } from '#domain/errors.ts';
import { refuseTaken } from './failures.ts';
import type { Catalogue, CatalogueTransaction, Tables } from './tables.ts';

export type UserRow = Selectable<Tables['users']>;

export async function findUserByEmail(db: Catalogue, email: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('email', '=', email.toLowerCase()).executeTakeFirst();
}

export async function findUser(db: Catalogue, id: string): Promise<UserRow | undefined> {
  return db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function getUser(db: Catalogue, id: string): Promise<UserRow> {
  const user = await findUser(db, id);
  if (user === undefined) throw new TidemarkError('not-found', `there is no user ${id}`);
  return user;
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

export async function hasUsers(db: Catalogue): Promise<boolean> {
  return (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined;
}

/** Throws `already-exists` when somebody else has the address. */
export async function insertUser(db: Catalogue, user: Pick<UserRow, 'id' | 'email' | 'name' | 'role' | 'password_hash'>): Promise<void> {
  await refuseTaken(`there is already a user ${user.email}`, db.insertInto('users').values(user).execute());
}

/** By address. */
export async function listUsers(db: Catalogue): Promise<UserRow[]> {
  return db.selectFrom('users').selectAll().orderBy('email').execute();
}

export async function updateUser(
  db: Catalogue,
  id: string,
  change: Partial<Pick<UserRow, 'name' | 'role' | 'password_hash' | 'disabled_at' | 'receives_all_notices'>>,
): Promise<void> {
  await db.updateTable('users').set(change).where('id', '=', id).execute();
}

/** Until the transaction ends it does not change. */
export async function lockUser(transaction: CatalogueTransaction, id: string): Promise<UserRow | undefined> {
  return transaction.selectFrom('users').selectAll().where('id', '=', id).forShare().executeTakeFirst();
}

/** Locks the enabled admins until the transaction ends, so that two that disable one another do not both succeed. */
export async function lockAdmins(transaction: CatalogueTransaction): Promise<string[]> {
  const rows = await transaction
    .selectFrom('users')
    .select('id')
    .where('role', '=', 'admin')
    .where('disabled_at', 'is', null)
    .orderBy('id')
    .forUpdate()
    .execute();
  return rows.map(({ id }) => id);
}
