import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BootstrapAdmin, ensureBootstrapAdmin } from '#api/bootstrap.ts';
import { hashPassword, verifyPassword } from '#api/passwords.ts';
import { createSignInGuard } from '#api/sign-in-guard.ts';
import { createTestCatalogue } from '../catalogue.ts';
import { type ApiWorld, startApiWorld } from './world.ts';

let world: ApiWorld;
let admin: BootstrapAdmin;
beforeAll(async () => {
  world = await startApiWorld();
  admin = (await ensureBootstrapAdmin(world.db, { email: 'admin@localhost' })) as BootstrapAdmin;
});
afterAll(() => world.stop());

const signIn = (password: string, email = 'admin@localhost', headers = {}) =>
  world.anonymous.ask('POST', '/sessions', { email, password }, headers);
const cookieOf = (setCookie: string | null) => ({ cookie: setCookie?.split(';')[0] ?? '' });

describe('signing in', () => {
  it('answers with an HttpOnly cookie that opens the API until the sign-out', async () => {
    const signedIn = await signIn(admin.generatedPassword ?? '', 'Admin@LocalHost');
    expect(signedIn.status).toBe(201);
    expect(signedIn.body).toMatchObject({ user: { email: 'admin@localhost', role: 'admin' } });
    const setCookie = signedIn.headers.get('set-cookie');
    expect(setCookie).toMatch(/^tidemark_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800$/);
    const cookie = cookieOf(setCookie);
    expect((await world.anonymous.ask('GET', '/me', undefined, cookie)).body).toMatchObject({ email: 'admin@localhost' });
    const signedOut = await world.anonymous.ask('DELETE', '/sessions/current', undefined, cookie);
    expect(signedOut.status).toBe(204);
    expect(signedOut.headers.get('set-cookie')).toMatch(/^tidemark_session=; .*Max-Age=0$/);
    expect((await world.anonymous.ask('GET', '/me', undefined, cookie)).status).toBe(401);
  });

  it('keeps of the token only a hash', async () => {
    const { headers } = await signIn(admin.generatedPassword ?? '');
    const token = cookieOf(headers.get('set-cookie')).cookie.split('=')[1] ?? '';
    const rows = await world.db.selectFrom('sessions').select('token_hash').execute();
    expect(rows.length).toBeGreaterThan(0);
    for (const { token_hash } of rows) expect(token_hash.includes(token) || token_hash.equals(Buffer.from(token, 'base64url'))).toBe(false);
  });

  it('says the same to a wrong password and to an unknown user', async () => {
    const [wrong, unknown] = [await signIn('not it'), await signIn('not it', 'nobody@localhost')];
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    const { requestId: _1, ...first } = wrong.body;
    const { requestId: _2, ...second } = unknown.body;
    expect(first).toEqual(second);
    expect(first).toMatchObject({ code: 'wrong-credentials' });
    expect(wrong.headers.get('set-cookie')).toBeNull();
  });

  it('takes as long for an unknown user as for a wrong password', async () => {
    const time = async (stored: string | undefined) => {
      const from = performance.now();
      await verifyPassword('not it', stored);
      return performance.now() - from;
    };
    const stored = await hashPassword('it');
    const [known, unknown] = [await time(stored), await time(undefined)];
    expect(unknown).toBeGreaterThan(known / 3);
  });

  it('is refused to a disabled user, whose open sessions end too', async () => {
    const { headers } = await signIn(admin.generatedPassword ?? '');
    await world.db.updateTable('users').set({ disabled_at: new Date() }).where('email', '=', 'admin@localhost').execute();
    expect((await signIn(admin.generatedPassword ?? '')).body).toMatchObject({ code: 'wrong-credentials' });
    expect((await world.anonymous.ask('GET', '/me', undefined, cookieOf(headers.get('set-cookie')))).status).toBe(401);
    await world.db.updateTable('users').set({ disabled_at: null }).where('email', '=', 'admin@localhost').execute();
  });

  it('is slowed down after five wrong tries for one account, even for the right password', async () => {
    const tries = await Promise.all(Array.from({ length: 7 }, () => signIn('not it', 'victim@localhost')));
    expect(tries.filter(({ status }) => status === 401)).toHaveLength(5);
    expect(tries.filter(({ status }) => status === 429)).toHaveLength(2);
    const refused = await signIn('it', 'VICTIM@localhost');
    expect(refused.body).toMatchObject({ code: 'too-many-attempts', status: 429 });
    expect(refused.headers.get('retry-after')).toBe('60');
  });

  it('that fails is in the log with whose account it was and from where, and never with what was typed', async () => {
    const { user_id: userId } = await world.db.selectFrom('sessions').select('user_id').executeTakeFirstOrThrow();
    const from = world.heard.length;
    const answers = [await signIn('typed-canary-1'), await signIn('typed-canary-2', 'typed-canary-3')];
    const lines = world.heard.slice(from).join('\n');
    const refused = world.heard.slice(from).filter((line) => line.includes('wrong password'));
    expect(refused.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 40, userId, address: '127.0.0.1', requestId: answers[0]?.body['requestId'] },
      { level: 40, userId: null, address: '127.0.0.1', requestId: answers[1]?.body['requestId'] },
    ]);
    expect(lines).not.toContain('typed-canary');
  });

  it('is recorded', async () => {
    await signIn(admin.generatedPassword ?? '');
    const row = await world.db.selectFrom('audit_rows').selectAll().where('action', '=', 'createSession').executeTakeFirst();
    expect(row?.subject).toBe(`user:${row?.actor_id}`);
  });
});

describe('the guard against guessing', () => {
  it('lets in again after a minute, and forgets after a success', () => {
    let now = 0;
    const guard = createSignInGuard(() => now);
    const tryFive = () => Array.from({ length: 5 }, () => guard.admit('ann', '10.0.0.1'));
    tryFive();
    expect(() => guard.admit('ann', '10.0.0.1')).toThrow(expect.objectContaining({ code: 'too-many-attempts' }));
    guard.admit('ann', '10.0.0.2');
    now = 60_001;
    tryFive();
    guard.succeed('ann', '10.0.0.1');
    tryFive();
  });
});

describe("another site's page", () => {
  it.each([
    ['cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['same-site, which a sister domain is', { 'sec-fetch-site': 'same-site' }],
    ['of another origin', { origin: 'https://evil.example.com' }],
    ['of no origin', { origin: 'null' }],
  ])('may not change anything: %s', async (_, headers) => {
    const caller = await world.addCaller();
    expect((await caller.ask('DELETE', '/sessions/current', undefined, headers)).body).toMatchObject({ status: 403, code: 'not-allowed' });
    expect((await caller.ask('GET', '/me')).status).toBe(200);
  });

  it('is not confused with our own, nor with a program', async () => {
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }, { origin: world.url }, {}]) {
      const caller = await world.addCaller();
      expect((await caller.ask('DELETE', '/sessions/current', undefined, headers as Record<string, string>)).status).toBe(204);
    }
  });
});

describe('a session', () => {
  it('ends by its own age and after a time without use', async () => {
    for (const change of [{ expires_at: new Date(Date.now() - 1) }, { last_seen_at: new Date(Date.now() - 13 * 3_600_000) }]) {
      const caller = await world.addCaller();
      expect((await caller.ask('GET', '/me')).status).toBe(200);
      await world.db.updateTable('sessions').set(change).where('user_id', '=', caller.id).execute();
      expect((await caller.ask('GET', '/me')).body).toMatchObject({ status: 401, code: 'not-signed-in' });
    }
  });
});

describe('the time of last use of a session', () => {
  it('is noted to the minute, so that not every request writes', async () => {
    const caller = await world.addCaller();
    const seenAt = async () =>
      (
        await world.db.selectFrom('sessions').select('last_seen_at').where('user_id', '=', caller.id).executeTakeFirstOrThrow()
      ).last_seen_at.getTime();
    for (const [ago, isNoted] of [
      [30_000, false],
      [90_000, true],
    ] as const) {
      const before = Date.now() - ago;
      await world.db
        .updateTable('sessions')
        .set({ last_seen_at: new Date(before) })
        .where('user_id', '=', caller.id)
        .execute();
      expect((await caller.ask('GET', '/me')).status).toBe(200);
      expect((await seenAt()) > before, String(ago)).toBe(isNoted);
    }
  });
});

describe('the first admin', () => {
  it('is made once, with a password of its own', async () => {
    expect(admin).toEqual({ email: 'admin@localhost', generatedPassword: expect.stringMatching(/^[\w-]{24}$/) });
    expect(await ensureBootstrapAdmin(world.db, { email: 'other@localhost' })).toBeUndefined();
  });

  it('takes the password from a file, which then is not told', async () => {
    const [folder, catalogue] = [await mkdtemp(join(tmpdir(), 'tidemark-admin-')), await createTestCatalogue()];
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'short\n');
    await expect(ensureBootstrapAdmin(catalogue.db, { email: 'a@localhost', passwordFile })).rejects.toThrow(/at least 12/);
    await writeFile(passwordFile, 'password1234\n');
    await expect(ensureBootstrapAdmin(catalogue.db, { email: 'a@localhost', passwordFile })).rejects.toThrow(/easy to guess/);
    await writeFile(passwordFile, 'correct horse battery\n');
    expect(await ensureBootstrapAdmin(catalogue.db, { email: 'A@localhost', passwordFile })).toEqual({ email: 'a@localhost' });
    const user = await catalogue.db.selectFrom('users').selectAll().executeTakeFirstOrThrow();
    expect(user.password_hash).toMatch(/^\$scrypt\$ln=17,r=8,p=1\$/);
    expect(await verifyPassword('correct horse battery', user.password_hash)).toBe(true);
    expect(await verifyPassword('correct horse batterz', user.password_hash)).toBe(false);
    await catalogue.drop();
    await rm(folder, { recursive: true });
  });
});
