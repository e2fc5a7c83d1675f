import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tryCommand } from '#standalone/commands.ts';
import { asUser } from '#standalone/processes.ts';

it.runIf(process.getuid?.() === 0)(
  "lets another user run what lies in root's own folders, also where access(2) is asked first",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-processes-'));
    try {
      await chmod(folder, 0o700);
      const program = join(folder, 'program');
      await copyFile('/bin/true', program);
      const ask = `require('fs').accessSync(${JSON.stringify(program)}, 5)`;
      const run = (...command: readonly string[]) => tryCommand('setpriv', [...asUser({ uid: 65_534, gid: 65_534 }), '--', ...command]);
      expect(await run(process.execPath, '-e', ask)).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await run(program)).toMatchObject({ exitCode: 0 });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
