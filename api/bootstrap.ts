import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Catalogue } from '#db/tables.ts';
import { hasUsers, insertUser } from '#db/users.ts';
import { passwordSchema } from '#domain/account.schema.ts';
import { TidemarkError } from '#domain/errors.ts';
import { isGuessable } from './guessable-passwords.ts';
import { hashPassword } from './passwords.ts';

export interface BootstrapAdmin {
  readonly email: string;
  /** To be shown once; absent when it came from a file. */
  readonly generatedPassword?: string;
}

/** Makes the first admin in a catalogue without users; undefined when there are users already. */
export async function ensureBootstrapAdmin(
  db: Catalogue,
  options: { email: string; passwordFile?: string | undefined },
): Promise<BootstrapAdmin | undefined> {
  if (await hasUsers(db)) return undefined;
  const { passwordFile } = options;
  const email = options.email.toLowerCase();
  const password = passwordFile === undefined ? randomBytes(18).toString('base64url') : await readPassword(passwordFile, email);
  const password_hash = await hashPassword(password);
  try {
    await insertUser(db, { id: randomUUID(), email, name: 'Admin', role: 'admin', password_hash });
  } catch (error) {
    // another process that starts at the same time was first
    if (error instanceof TidemarkError && error.code === 'already-exists') return undefined;
    throw error;
  }
  return passwordFile === undefined ? { email, generatedPassword: password } : { email };
}

async function readPassword(path: string, email: string): Promise<string> {
  const password = (await readFile(path, 'utf8')).trim();
  const issues = passwordSchema.safeParse(password).error?.issues ?? [];
  if (issues.length > 0)
    throw new TidemarkError('invalid-request', `the admin's password in ${path} ${issues.map(({ message }) => message).join(', ')}`);
  if (isGuessable(password, [email])) throw new TidemarkError('invalid-request', `the admin's password in ${path} is too easy to guess`);
  return password;
}
