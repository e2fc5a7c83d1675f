import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utils } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { createSshKeyPair } from '#api/ssh-key-pair.ts';

describe('a key pair', () => {
  it('is read by ssh2, 2,000 times of 2,000, as the halves of one key', () => {
    const seen = new Set<string>();
    for (let count = 0; count < 2_000; count++) {
      const { publicKey, privateKey } = createSshKeyPair();
      const [type = '', blob = '', comment] = publicKey.split(' ');
      const [mine, theirs] = [utils.parseKey(privateKey), utils.parseKey(publicKey)];
      if (mine instanceof Error || theirs instanceof Error) throw new Error(`not read: ${privateKey}`);
      expect([type, mine.type, mine.isPrivateKey(), mine.comment, comment]).toEqual(['ssh-ed25519', type, true, 'tidemark', 'tidemark']);
      expect(mine.getPublicSSH().toString('base64')).toBe(blob);
      expect(theirs.verify('data', mine.sign('data'))).toBe(true);
      seen.add(blob);
    }
    expect(seen.size).toBe(2_000);
  });

  it('is read by OpenSSH, which finds the same public key in the private one', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tidemark-key-'));
    const file = join(directory, 'id');
    const { publicKey, privateKey } = createSshKeyPair();
    await writeFile(file, privateKey, { mode: 0o600 });
    const { stdout, stderr } = spawnSync('ssh-keygen', ['-y', '-P', '', '-f', file], { encoding: 'utf8' });
    await rm(directory, { recursive: true });
    expect({ stdout, stderr }).toEqual({ stdout: `${publicKey}\n`, stderr: '' });
  });
});
