import { randomBytes } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { messageOf } from '#domain/errors.ts';
import type { Sealer } from './seal.ts';
import type { Catalogue } from './tables.ts';

/**
 * Reads the installation's master key: 32 bytes in base64, in a file that nobody but its owner may read.
 * Without it no secret of the catalogue opens, so it belongs into a backup of its own.
 */
export async function readMasterKey(path: string): Promise<Buffer> {
  let text: string;
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) throw new Error(`others may read it (mode ${(mode & 0o777).toString(8)}): chmod 600 it`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`The master key ${path} cannot be used: ${messageOf(error)}`, { cause: error });
  }
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length !== 32)
    throw new Error(`The master key ${path} has ${key.length} bytes in base64 instead of 32: make one with "openssl rand -base64 32"`);
  return key;
}

/**
 * Refuses a master key that is not the catalogue's: with it no host and no store could be reached, and what it seals would not open
 * once the right one is back.
 */
export async function requireOwnKey(db: Catalogue, sealer: Sealer): Promise<void> {
  const policy = await db.selectFrom('policies').select('secret_key_sealed as sealed').limit(1).executeTakeFirst();
  const database = await db
    .selectFrom('databases')
    .select('ssh_key_sealed as sealed')
    .where('deleted_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  const sshKey = await db.selectFrom('ssh_keys').select('private_key_sealed as sealed').limit(1).executeTakeFirst();
  for (const found of [policy, database, sshKey]) {
    if (found !== undefined && !sealer.hasSealed(found.sealed))
      throw new Error("The master key is not the one of this catalogue: its secrets were sealed with another. Put that key's file back.");
  }
}

/** Makes a master key where there is none yet; never replaces one. */
export async function ensureMasterKey(path: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(`${randomBytes(32).toString('base64')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
