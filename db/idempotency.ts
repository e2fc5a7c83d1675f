import type { Selectable } from 'kysely';
import type { SealedPlace } from './seal.ts';
import type { Catalogue, Tables } from './tables.ts';

export type IdempotencyRow = Selectable<Tables['idempotency_keys']>;

/** How long a request is known under its key. */
const KEPT_MS = 24 * 3_600_000;

export function answerPlace(userId: string, key: string): SealedPlace {
  return { table: 'idempotency_keys', row: `${userId}/${key}`, column: 'answer_sealed' };
}

type Claim = Pick<IdempotencyRow, 'user_id' | 'key' | 'request_hash'>;

/** Returns what is there already under the key, if something is; those of yesterday are forgotten. */
export async function claimIdempotencyKey(db: Catalogue, claim: Claim): Promise<IdempotencyRow | undefined> {
  await db
    .deleteFrom('idempotency_keys')
    .where('created_at', '<', new Date(Date.now() - KEPT_MS))
    .execute();
  for (;;) {
    if (await insertClaim(db, claim)) return undefined;
    const { user_id, key } = claim;
    const row = await db
      .selectFrom('idempotency_keys')
      .selectAll()
      .where('user_id', '=', user_id)
      .where('key', '=', key)
      .executeTakeFirst();
    // none: it was released just now
    if (row !== undefined) return row;
  }
}

async function insertClaim(db: Catalogue, claim: Claim): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('idempotency_keys')
    .values(claim)
    .onConflict((conflict) => conflict.columns(['user_id', 'key']).doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Without an answer nobody knows how it ended. */
export async function endIdempotencyKey(db: Catalogue, userId: string, key: string, answer_sealed: Buffer | null): Promise<void> {
  await db
    .updateTable('idempotency_keys')
    .set({ ended_at: new Date(), answer_sealed })
    .where('user_id', '=', userId)
    .where('key', '=', key)
    .execute();
}

/** Nothing was done under it: it can be used again. */
export async function releaseIdempotencyKey(db: Catalogue, userId: string, key: string): Promise<void> {
  await db.deleteFrom('idempotency_keys').where('user_id', '=', userId).where('key', '=', key).execute();
}
