import type { Insertable, Selectable } from 'kysely';
import type { SealedPlace } from './seal.ts';
import type { Catalogue, Tables } from './tables.ts';

export type SshKeyRow = Selectable<Tables['ssh_keys']>;

export function privateKeyPlace(sshKeyId: string): SealedPlace {
  return { table: 'ssh_keys', row: sshKeyId, column: 'private_key_sealed' };
}

export async function insertSshKey(db: Catalogue, key: Insertable<Tables['ssh_keys']>): Promise<void> {
  await db.insertInto('ssh_keys').values(key).execute();
}

export async function findSshKey(db: Catalogue, id: string): Promise<SshKeyRow | undefined> {
  return db.selectFrom('ssh_keys').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Those made before the instant that no database logs in with. Returns their ids. */
export async function deleteUnusedSshKeys(db: Catalogue, before: Date): Promise<string[]> {
  const rows = await db
    .deleteFrom('ssh_keys')
    .where('created_at', '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('databases').select('databases.id').whereRef('databases.ssh_key_id', '=', 'ssh_keys.id'))),
    )
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}
