import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '#api/passwords.ts';
import { type RunningApi, startApi } from '#api/serve.ts';
import { readSettings } from '#api/settings.ts';
import { ensureMasterKey } from '#db/master-key.ts';
import { insertUser } from '#db/users.ts';
import { createCertificates } from '#lab/certificates.ts';
import { createTestCatalogue, type TestCatalogue } from '#test/catalogue.ts';
import { nowhere } from './world.ts';

let folder: string;
let catalogue: TestCatalogue;
let secure: RunningApi;
let behind: RunningApi;
const person = { email: 'ann@example.com', password: 'correct horse battery' };

beforeAll(async () => {
  [folder, catalogue] = [await mkdtemp(join(tmpdir(), 'tidemark-tls-')), await createTestCatalogue()];
  await ensureMasterKey(join(folder, 'master.key'));
  await createCertificates(folder, '127.0.0.1');
  const { email, password } = person;
  const password_hash = await hashPassword(password);
  await insertUser(catalogue.db, { id: crypto.randomUUID(), email, name: 'Ann', role: 'user', password_hash });
  const logger = pino({ level: 'silent' });
  const tls = { TIDEMARK_TLS_CERTIFICATE_FILE: join(folder, 'server.crt'), TIDEMARK_TLS_KEY_FILE: join(folder, 'server.key') };
  secure = await startApi(settings(tls), logger);
  behind = await startApi(settings({ TIDEMARK_TRUSTED_PROXIES: '127.0.0.0/8' }), logger);
});
afterAll(async () => {
  await Promise.all([secure.stop(), behind.stop()]);
  await catalogue.drop();
  await rm(folder, { recursive: true });
});

function settings(more: Record<string, string> = {}) {
  return readSettings({
    TIDEMARK_DATABASE_URL: catalogue.url,
    TIDEMARK_MASTER_KEY_FILE: join(folder, 'master.key'),
    TIDEMARK_API_PORT: '0',
    TEMPORAL_ADDRESS: nowhere,
    ...more,
  });
}

async function signIn(url: string, headers: Record<string, string> = {}): Promise<Headers> {
  const body = JSON.stringify(person);
  const options = {
    method: 'POST',
    ca: await readFile(join(folder, 'ca.crt')),
    headers: { 'content-type': 'application/json', ...headers },
  };
  if (url.startsWith('http:')) return (await fetch(`${url}/api/v1/sessions`, { ...options, body })).headers;
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/api/v1/sessions`, options, (answer) => {
      answer.resume().once('end', () => resolve(new Headers(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]))));
    });
    asked.once('error', reject).end(body);
  });
}

describe('over TLS', () => {
  it('the certificate is the own one, and the cookie is bound to the host and to TLS', async () => {
    expect(secure.url).toMatch(/^https:/);
    const headers = await signIn(secure.url);
    expect(headers.get('set-cookie')).toMatch(
      /^__Host-tidemark_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800; Secure$/,
    );
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
  });

  it('half of a certificate is refused, not served in plain', () => {
    expect(() => settings({ TIDEMARK_TLS_KEY_FILE: 'x' })).toThrow(/needs both/);
  });
});

describe('behind a proxy', () => {
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9' };
  const addresses = async () => (await catalogue.db.selectFrom('sessions').select('address').execute()).map(({ address }) => address);

  it('that is trusted, its word is taken on TLS and on whose address it is', async () => {
    expect((await signIn(behind.url, forwarded)).get('set-cookie')).toMatch(/^__Host-/);
    expect(await addresses()).toContain('203.0.113.9');
  });

  it('that nobody named, it is not', async () => {
    const plain = await startApi(settings(), pino({ level: 'silent' }));
    expect((await signIn(plain.url, { ...forwarded, 'x-forwarded-for': '203.0.113.77' })).get('set-cookie')).toMatch(/^tidemark_session/);
    await plain.stop();
    expect(await addresses()).not.toContain('203.0.113.77');
  });

  it('is named by addresses and ranges only', () => {
    for (const entry of ['true', '1', '10.0.0.0/33', 'proxy.example.com', '::1/129'])
      expect(() => settings({ TIDEMARK_TRUSTED_PROXIES: entry }), entry).toThrow(/TIDEMARK_TRUSTED_PROXIES/);
    expect(settings({ TIDEMARK_TRUSTED_PROXIES: ' 10.0.0.0/8, ::1 ' }).trustedProxies).toEqual(['10.0.0.0/8', '::1']);
  });
});

describe('every answer', () => {
  it('forbids that it is framed, sniffed, kept or run as a page', async () => {
    for (const path of ['/healthz', '/api/v1/me', '/nowhere']) {
      const { headers } = await fetch(`${behind.url}${path}`);
      expect(headers.get('content-security-policy'), path).toContain("default-src 'none'; frame-ancestors 'none'");
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
      expect(headers.get('cache-control'), path).toBe('no-store');
      expect(headers.get('referrer-policy'), path).toBe('no-referrer');
      expect(headers.get('content-type'), path).toMatch(/^application\/(problem\+)?json; charset=utf-8$/);
      expect(headers.get('x-powered-by'), path).toBeNull();
      expect(headers.get('access-control-allow-origin'), path).toBeNull();
    }
  });
});
