import type { Insertable, Selectable } from 'kysely';
import { refuseTaken } from './failures.ts';
import type { Catalogue, Tables } from './tables.ts';
import type { UserRow } from './users.ts';

export type TokenRow = Selectable<Tables['api_tokens']>;

const USED_TO_MS = 60_000;

/** Throws `already-exists` when the user has another of this name. */
export async function insertToken(db: Catalogue, token: Insertable<Tables['api_tokens']>): Promise<void> {
  await refuseTaken(`there is already a token named "${token.name}"`, db.insertInto('api_tokens').values(token).execute());
}

/** A token that has not expired, with its user, unless that one is disabled; notes that it was used, to the minute. */
export async function findToken(
  db: Catalogue,
  tokenHash: Buffer,
): Promise<{ token: Pick<TokenRow, 'id' | 'scope'>; user: UserRow } | undefined> {
  const now = new Date();
  const found = await db
    .selectFrom('api_tokens')
    .innerJoin('users', 'users.id', 'api_tokens.user_id')
    .selectAll('users')
    .select(['api_tokens.id as token_id', 'api_tokens.scope', 'api_tokens.last_used_at'])
    .where('api_tokens.token_hash', '=', tokenHash)
    .where('api_tokens.expires_at', '>', now)
    .where('users.disabled_at', 'is', null)
    .executeTakeFirst();
  if (found === undefined) return undefined;
  const { token_id: id, scope, last_used_at, ...user } = found;
  const usedBefore = new Date(now.getTime() - USED_TO_MS);
  if (last_used_at === null || last_used_at < usedBefore)
    await db
      .updateTable('api_tokens')
      .set({ last_used_at: now })
      .where('id', '=', id)
      .where((e) => e.or([e('last_used_at', 'is', null), e('last_used_at', '<', usedBefore)]))
      .execute();
  return { token: { id, scope }, user };
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
