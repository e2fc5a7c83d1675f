import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiClient, signIn } from '#lab/client.ts';
import { createStore, createPolicy } from '#lab/story.ts';
import { tryCommand } from '#standalone/commands.ts';
import { openTestLab } from '../lab.ts';
import { waitFor } from '../product.ts';

const main = new URL('../../standalone/main.ts', import.meta.url).pathname;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-standalone-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Running {
  readonly output: () => string;
  readonly api: (password: string) => Promise<ApiClient>;
  /** Ctrl-C; resolves to the exit code. */
  interrupt(): Promise<number | null>;
}

/** `npm start`, as a process of its own. */
async function start(): Promise<Running> {
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, TIDEMARK_DATA_DIR: join(folder, 'data'), TIDEMARK_API_PORT: '0' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  await waitFor('the product', () => Promise.resolve(output.includes('Ctrl-C stops it') ? true : undefined), 120_000);
  const url = /Tidemark +(http:\S+)/.exec(output)?.[1] ?? '';
  return {
    output: () => output,
    api: (password) => signIn(url, 'admin@localhost', password),
    async interrupt() {
      child.kill('SIGINT');
      const [code] = await exited;
      return code;
    },
  };
}

it('shows the first password once, stops cleanly, and finds everything again', async () => {
  const lab = await openTestLab();
  const first = await start();
  const password = /Password +(\S+)/.exec(first.output())?.[1] ?? '';
  const api = await first.api(password);
  const policyId = await createPolicy(api, 'Kept', await createStore(lab, `kept-${Date.now().toString(36)}`));
  expect(await first.interrupt()).toBe(0);
  const processes = await tryCommand('ps', ['-eo', 'args']);
  expect(processes.stdout.split('\n').filter((line) => line.includes(folder))).toEqual([]);

  const second = await start();
  expect(second.output()).not.toContain('Password');
  expect(second.output()).not.toContain(password);
  const again = await second.api(password);
  expect(await again.get(`/policies/${policyId}`)).toMatchObject({ name: 'Kept', status: 'active' });
  const edited = await again.patch<{ schedule: { fullTime: string } }>(`/policies/${policyId}`, {
    schedule: { fullFrequency: 'daily', fullTime: '03:30', fullDay: 'sunday', incrementalHours: 0 },
  });
  expect(edited.schedule.fullTime).toBe('03:30');
  await waitFor('the policy that slept', async () =>
    (await again.get(`/policies/${policyId}`))['status'] === 'active' ? true : undefined,
  );
  const logs = await Promise.all(['api.log', 'worker.log'].map((name) => readFile(join(folder, 'data', name), 'utf8')));
  expect(logs.join('\n')).not.toContain(password);
  expect(await second.interrupt()).toBe(0);

  const key = join(folder, 'data', 'master.key');
  await rename(key, `${key}.away`);
  const without = await tryCommand('env', [`TIDEMARK_DATA_DIR=${join(folder, 'data')}`, process.execPath, main]);
  expect(without.exitCode).toBe(1);
  expect(`${without.stdout}${without.stderr}`).toContain(`${key} is missing`);
  await expect(stat(key)).rejects.toThrow('ENOENT');
});
