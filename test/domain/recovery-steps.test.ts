import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { recoverySteps } from '#domain/recovery-steps.ts';
import { tryCommand } from '#standalone/commands.ts';

const store = { endpoint: 's3.example.com', region: 'us-east-1', bucket: 'backups', prefix: 'team', caPem: null };

/** The bucket, and the tools that stand between it and mbstream. */
const stubs = 'generation=1; fetch() { echo manifest; }; jq() { echo volume; }; open_object() { echo 1234567890; }; zstd() { cat; }';

it.each([
  ['took everything', 'cat', { exitCode: 0, stderr: '' }],
  ['left something unread and ended well', 'read -r -N 1', { exitCode: 1, stderr: 'mbstream did not take everything\n' }],
  ['failed', 'false', { exitCode: 1, stderr: 'mbstream did not take everything\n' }],
])('the commands for MariaDB see that mbstream %s', async (_, mbstream, seen) => {
  const steps = recoverySteps({
    kitFile: 'kit.json',
    store,
    databaseId: 'x',
    engine: 'mariadb',
    version: null,
    generation: 1,
    hasKey: false,
  });
  const unpacking =
    steps
      .find(({ text }) => text.startsWith('Unpack'))
      ?.commands.join('\n')
      .replace('<backupId>', 'b') ?? '';
  const script = `${stubs}; mbstream() { ${mbstream} >/dev/null; }\n${unpacking}`;
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-kit-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  expect(await tryCommand('bash', ['-euc', script], { cwd: folder })).toMatchObject(seen);
});
