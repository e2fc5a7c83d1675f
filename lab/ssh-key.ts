import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '#standalone/commands.ts';

/**
 * A new Ed25519 key pair in OpenSSH's formats, without a passphrase; needs `ssh-keygen`.
 * ssh2's own generator makes one pair of 256 that nothing can read (mscdex/ssh2#1513).
 */
export async function createSshKey(comment = ''): Promise<{ privateKey: string; publicKey: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'tidemark-key-'));
  try {
    const file = join(directory, 'id');
    await runCommand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
    return { privateKey: await readFile(file, 'utf8'), publicKey: (await readFile(`${file}.pub`, 'utf8')).trim() };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
