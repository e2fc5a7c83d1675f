import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, startApiWorld } from './world.ts';

const script = 'console.log(1);'.repeat(100);
const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

let folder: string;
let world: ApiWorld;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-panel-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<meta nonce="__TIDEMARK_NONCE__"><script nonce="__TIDEMARK_NONCE__"></script>');
  await writeFile(join(folder, 'assets', 'main-1.js'), script);
  await writeFile(join(folder, 'assets', 'main-1.js.br'), brotliCompressSync(script));
  await writeFile(join(folder, 'assets', 'main-1.js.gz'), gzipSync(script));
  world = await startApiWorld({ panelFolder: folder });
});
afterAll(async () => {
  await world.stop();
  await rm(folder, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = html): Promise<Response> => fetch(`${world.url}${path}`, { headers });

describe("the panel's page", () => {
  it('comes at every address that the API does not know, with a nonce of its own and nothing from elsewhere', async () => {
    const nonces = new Set<string>();
    for (const path of ['/', '/databases/1?x=y', '/sign-in']) {
      const answer = await get(path);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const policy = answer.headers.get('content-security-policy') ?? '';
      const nonce = /'nonce-([\w+/=]+)'/.exec(policy)?.[1] ?? '';
      expect(policy).toBe(
        `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
      );
      expect(await answer.text()).toBe(`<meta nonce="${nonce}"><script nonce="${nonce}"></script>`);
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(3);
  });

  it('is nothing for programs, nor below /api or /assets', async () => {
    for (const [path, headers] of [
      ['/databases', { accept: 'application/json' }],
      ['/databases', { accept: '*/*' }],
      ['/api/v1/nothing', html],
      ['/api', html],
      ['/assets/gone.js', html],
      ['/assets/..%2findex.html', html],
    ] as const) {
      const answer = await get(path, headers);
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 404, 'application/problem+json; charset=utf-8']);
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; frame-ancestors");
    }
    expect((await fetch(`${world.url}/databases`, { method: 'POST', headers: html })).status).toBe(404);
  });

  it('is missed in words where the panel has not been built; the API serves all the same', async () => {
    const bare = await startApiWorld({ panelFolder: join(folder, 'none') });
    const answer = await fetch(bare.url, { headers: html });
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('The panel has not been built: run `sh setup.sh`')]);
    expect((await fetch(`${bare.url}/healthz`)).status).toBe(200);
    await bare.stop();
  });
});

describe("the panel's files", () => {
  it('come compressed as the browser takes them, and are kept for ever', async () => {
    for (const [accepted, sent] of [
      ['gzip, deflate, br', 'br'],
      ['gzip', 'gzip'],
      ['identity', null],
    ] as const) {
      const answer = await get('/assets/main-1.js', { 'accept-encoding': accepted });
      expect([answer.status, answer.headers.get('content-encoding')]).toEqual([200, sent]);
      expect(answer.headers.get('content-type')).toMatch(/^text\/javascript/);
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(answer.headers.get('vary')).toBe('Accept-Encoding');
      expect(await answer.text()).toBe(script);
    }
  });

  it('that went meanwhile are not there, whatever was known of them', async () => {
    await rm(join(folder, 'assets', 'main-1.js.br'));
    const answer = await get('/assets/main-1.js', { 'accept-encoding': 'br' });
    expect([answer.status, answer.headers.get('content-encoding')]).toEqual([404, null]);
    expect(await answer.json()).toMatchObject({ code: 'not-found' });
  });
});
