import type { Insertable, Selectable } from 'kysely';
import { refuseTaken } from './failures.ts';
import type { Catalogue, Tables } from './tables.ts';
import type { UserRow } from './users.ts';

export type TokenRow = Selectable<Tables['api_tokens']>;

/** Throws `already-exists` when the user has another of this name. */
export async function insertToken(db: Catalogue, token: Insertable<Tables['api_tokens']>): Promise<void> {
  await refuseTaken(`there is already a token named "${token.name}"`, db.insertInto('api_tokens').values(token).execute());
}

/** A token that has not expired, with its user, unless that one is disabled; notes that it was used, to the minute. */
export async function findToken(db: Catalogue, tokenHash: Buffer): Promise<{ token: TokenRow; user: UserRow } | undefined> {
  const token = await db
    .selectFrom('api_tokens')
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .where('expires_at', '>', new Date())
    .executeTakeFirst();
  if (token === undefined) return undefined;
  const user = await db.selectFrom('users').selectAll().where('id', '=', token.user_id).where('disabled_at', 'is', null).executeTakeFirst();
  if (user === undefined) return undefined;
  const now = new Date();
  await db
    .updateTable('api_tokens')
    .set({ last_used_at: now })
    .where('id', '=', token.id)
    .where((e) => e.or([e('last_used_at', 'is', null), e('last_used_at', '<', new Date(now.getTime() - 60_000))]))
    .execute();
  return { token, user };
}

/** Of one user, by name; expired ones too. */
export async function listTokens(db: Catalogue, userId: string): Promise<TokenRow[]> {
  return db.selectFrom('api_tokens').selectAll().where('user_id', '=', userId).orderBy('name').execute();
}

/** Returns false when the user has no such token. */
export async function deleteToken(db: Catalogue, userId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('api_tokens').where('user_id', '=', userId).where('id', '=', id).executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}
