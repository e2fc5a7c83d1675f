import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { conversationOf, loginCommand, receivingConversationOf } from '#activities/hosts/remote-shell.ts';

/** Longer than a test may take: nothing is written that would wake the watchdog. */
const SILENCE_MS = 3_600_000;

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'tidemark-shell-'))));
afterEach(() => rm(folder, { recursive: true }));

/** The conversation refuses everybody else. */
const asRoot = it.runIf(process.getuid?.() === 0);
asRoot.each([
  ['a script', (): string => conversationOf('exit 4', SILENCE_MS)],
  ['a script that receives', (): string => receivingConversationOf('exit 4', `${folder}/pipe`, SILENCE_MS)],
])(
  '%s is over when it has ended, also where the first signal to its watchdog is lost',
  async (_, conversation) => {
    const lossy = join(folder, 'lossy');
    await writeFile(lossy, `kill() { if [[ -e ${lossy} ]]; then rm ${lossy}; else builtin kill "$@"; fi; }`);
    const shell = spawn('sh', ['-c', loginCommand(true)], {
      env: { ...process.env, BASH_ENV: lossy },
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    onTestFinished(() => void shell.stdin.destroy());
    shell.stdin.write(conversation());
    expect((await once(shell, 'exit'))[0]).toBe(4);
    await expect(rm(lossy)).rejects.toThrow('ENOENT');
  },
  20_000,
);
