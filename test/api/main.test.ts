import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readSettings } from '#api/settings.ts';
import { ensureMasterKey } from '#db/master-key.ts';
import { createTestCatalogue, type TestCatalogue } from '#test/catalogue.ts';
import { nowhere } from './world.ts';

let catalogue: TestCatalogue;
let folder: string;
beforeAll(async () => {
  [catalogue, folder] = [await createTestCatalogue('empty'), await mkdtemp(join(tmpdir(), 'tidemark-api-'))];
  await ensureMasterKey(join(folder, 'master.key'));
});
afterAll(async () => {
  await catalogue.drop();
  await rm(folder, { recursive: true });
});

interface ApiProcess {
  readonly child: ChildProcess;
  readonly said: { out: string; err: string };
}

function startProcess(over: Record<string, string> = {}): ApiProcess {
  const environment = {
    PATH: process.env['PATH'],
    TIDEMARK_DATABASE_URL: catalogue.url,
    TIDEMARK_MASTER_KEY_FILE: join(folder, 'master.key'),
    TIDEMARK_API_PORT: '0',
    TEMPORAL_ADDRESS: nowhere,
    ...over,
  };
  const child = spawn(process.execPath, ['api/main.ts'], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => void (said.out += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => void (said.err += String(chunk)));
  return { child, said };
}

async function listening({ said }: ApiProcess): Promise<string> {
  return vi.waitFor(() => /"url":"([^"]+)"/.exec(said.out)?.[1] ?? expect.fail(`not listening: ${said.out}${said.err}`), {
    timeout: 20_000,
  });
}

describe('the API process', () => {
  it('migrates, shows the first password once and not in its log, serves without Temporal, and stops on SIGTERM', async () => {
    const first = startProcess();
    const url = await listening(first);
    // its two outputs come by two pipes
    const password = await vi.waitFor(() => /admin@localhost, password (\S+)\n/.exec(first.said.err)?.[1] ?? expect.fail('no password'));
    expect(first.said.out).not.toContain(password);
    const session = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'admin@localhost', password }),
    };
    expect((await fetch(`${url}/api/v1/sessions`, session)).status).toBe(201);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    first.child.kill('SIGTERM');
    expect(await once(first.child, 'exit')).toEqual([0, null]);
    const second = startProcess();
    expect((await fetch(`${await listening(second)}/healthz`)).status).toBe(200);
    expect(second.said.err).toBe('');
    second.child.kill('SIGINT');
    expect(await once(second.child, 'exit')).toEqual([0, null]);
  });

  it('says in one line why it cannot start', async () => {
    for (const [over, why] of [
      [{ TIDEMARK_DATABASE_URL: 'mysql://x' }, 'TIDEMARK_DATABASE_URL: must be a postgresql:// URL'],
      [{ TIDEMARK_MASTER_KEY_FILE: join(folder, 'none') }, 'ENOENT'],
      [{ TIDEMARK_DATABASE_URL: 'postgresql://x@127.0.0.1:1/x' }, 'ECONNREFUSED'],
    ] as const) {
      const { child, said } = startProcess(over);
      expect(await once(child, 'exit')).toEqual([1, null]);
      expect(said.out).toContain(why);
      expect(said.out.trim().split('\n')).toHaveLength(1);
    }
  });
});

describe('the settings', () => {
  it('name everything that is missing or wrong, and cannot be changed', () => {
    expect(() => readSettings({ TIDEMARK_API_PORT: '70000' })).toThrow(
      /TIDEMARK_DATABASE_URL.*TIDEMARK_API_PORT.*TIDEMARK_MASTER_KEY_FILE/,
    );
    const settings = readSettings({ TIDEMARK_DATABASE_URL: 'postgresql://x/y', TIDEMARK_MASTER_KEY_FILE: 'k' });
    expect(settings).toMatchObject({ host: '127.0.0.1', port: 8700, temporalAddress: '127.0.0.1:7233', temporalNamespace: 'default' });
    expect(Object.isFrozen(settings)).toBe(true);
  });
});
