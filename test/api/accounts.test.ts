import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '#api/passwords.ts';
import { updateUser } from '#db/users.ts';
import { addPolicy } from './fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

let world: ApiWorld;
let admin: Caller;
const password = 'correct horse battery';
let passwordHash: string;
beforeAll(async () => {
  world = await startApiWorld();
  [admin, passwordHash] = [await world.addCaller('admin'), await hashPassword(password)];
});
afterAll(() => world.stop());

async function addPerson(): Promise<Caller> {
  const caller = await world.addCaller();
  await updateUser(world.db, caller.id, { password_hash: passwordHash });
  return caller;
}

const emailOf = ({ id }: Caller) => `${id}@example.com`;

async function signIn(email: string, secret: string): Promise<{ status: number; cookie: { cookie: string } }> {
  const answer = await world.anonymous.ask('POST', '/sessions', { email, password: secret }, { 'user-agent': 'a browser' });
  return { status: answer.status, cookie: { cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '' } };
}

describe('a user', () => {
  it('is added by an admin, signs in, and changes the first password, which ends the other sessions', async () => {
    const created = await admin.ask('POST', '/users', { email: 'Ann@Example.com', name: 'Ann', password: 'a first pass-phrase' });
    expect(created.body).toMatchObject({ email: 'ann@example.com', name: 'Ann', role: 'user', disabledAt: null });
    expect((await admin.ask('POST', '/users', { email: 'ann@example.com', name: 'Ann', password })).body).toMatchObject({
      status: 409,
      code: 'already-exists',
    });
    const [here, there] = [await signIn('ann@example.com', 'a first pass-phrase'), await signIn('ann@example.com', 'a first pass-phrase')];
    expect([here.status, there.status]).toEqual([201, 201]);
    const change = { currentPassword: 'a first pass-phrase', newPassword: 'another pass-phrase' };
    const wrong = await world.anonymous.ask('POST', '/me/password-changes', { ...change, currentPassword: 'not it at all' }, here.cookie);
    expect(wrong.body).toMatchObject({ status: 400, errors: [{ path: 'currentPassword' }] });
    const guessable = { ...change, newPassword: 'iloveyou-2026' };
    expect((await world.anonymous.ask('POST', '/me/password-changes', guessable, here.cookie)).body).toMatchObject({
      status: 400,
      errors: [{ path: 'newPassword' }],
    });
    expect((await world.anonymous.ask('POST', '/me/password-changes', change, here.cookie)).status).toBe(204);
    expect((await world.anonymous.ask('GET', '/me', undefined, here.cookie)).status).toBe(200);
    expect((await world.anonymous.ask('GET', '/me', undefined, there.cookie)).status).toBe(401);
    expect((await signIn('ann@example.com', 'a first pass-phrase')).status).toBe(401);
    expect((await signIn('ann@example.com', 'another pass-phrase')).status).toBe(201);
  });

  it.each([
    ['short', 'too short', 'at least 12'],
    ['of few characters', 'aaaaaaaaaaaaaaaa', 'different'],
    ['that names the product', 'my-tidemark-password', 'Tidemark'],
    ['that holds the address', 'quincy-and-more', 'address'],
    ['that is common', 'passwordpassword', 'guess'],
    ['that is a common one in disguise', 'P@ssw0rd12345', 'guess'],
    ['that lies on the keyboard', '1qaz2wsx3edc', 'guess'],
    ['that is about its user', 'Marmaduke-2026', 'guess'],
  ])('is not given a password %s', async (_what, bad, message) => {
    const answer = await admin.ask('POST', '/users', { email: 'quincy@example.com', name: 'Quincy Marmaduke', password: bad });
    expect(answer.body).toMatchObject({
      status: 400,
      errors: [{ path: 'password', message: expect.stringContaining(message) as string }],
    });
    expect(answer.text).not.toContain(bad);
  });

  it('who is disabled is out at once, by session and by token, and comes back enabled', async () => {
    const person = await addPerson();
    const program = await world.addProgram(person.id, 'read');
    expect((await program.ask('GET', '/me')).status).toBe(200);
    expect((await admin.ask('PATCH', `/users/${person.id}`, { isDisabled: true })).body['disabledAt']).toMatch(/Z$/);
    expect([(await person.ask('GET', '/me')).status, (await program.ask('GET', '/me')).status]).toEqual([401, 401]);
    expect((await signIn(emailOf(person), password)).status).toBe(401);
    await admin.ask('PATCH', `/users/${person.id}`, { isDisabled: false });
    expect((await signIn(emailOf(person), password)).status).toBe(201);
  });

  it('whose role changes has to sign in again', async () => {
    const person = await addPerson();
    expect((await admin.ask('PATCH', `/users/${person.id}`, { role: 'admin' })).body).toMatchObject({ role: 'admin' });
    expect((await person.ask('GET', '/users')).status).toBe(401);
    await admin.ask('PATCH', `/users/${person.id}`, { role: 'user' });
  });

  it('who is the last admin stays one', async () => {
    const other = await world.addCaller('admin');
    const both = await Promise.all([
      admin.ask('PATCH', `/users/${other.id}`, { role: 'user' }),
      other.ask('PATCH', `/users/${admin.id}`, { role: 'user' }),
    ]);
    // who was first ends the other's session, too
    const [refused] = both.filter(({ status }) => status !== 200);
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(refused?.body['code']).toMatch(/^(last-admin|not-signed-in)$/);
    const admins = await world.db.selectFrom('users').select('id').where('role', '=', 'admin').execute();
    expect(admins).toHaveLength(1);
    const last = admins[0]?.id === admin.id ? admin : other;
    for (const change of [{ role: 'user' }, { isDisabled: true }])
      expect((await last.ask('PATCH', `/users/${last.id}`, change)).body).toMatchObject({ status: 409, code: 'last-admin' });
    await world.db.updateTable('users').set({ role: 'admin' }).where('id', '=', admin.id).execute();
    admin = await world.addCaller('admin');
  });
});

describe('a session', () => {
  it('is listed with where it came from, and ended by its user alone', async () => {
    const person = await addPerson();
    const elsewhere = await signIn(emailOf(person), password);
    const items = (await person.ask('GET', '/sessions')).body['items'] as Record<string, unknown>[];
    expect(items).toHaveLength(2);
    const other = items.find(({ isCurrent }) => isCurrent === false);
    expect(other).toMatchObject({ address: '127.0.0.1', userAgent: 'a browser' });
    expect((await admin.ask('DELETE', `/sessions/${String(other?.['id'])}`)).status).toBe(404);
    expect((await person.ask('DELETE', `/sessions/${String(other?.['id'])}`)).status).toBe(204);
    expect((await world.anonymous.ask('GET', '/me', undefined, elsewhere.cookie)).status).toBe(401);
  });

  it('of long ago is fresh again once the password was given', async () => {
    const person = await addPerson();
    await world.db
      .updateTable('sessions')
      .set({ confirmed_at: new Date(0) })
      .where('user_id', '=', person.id)
      .execute();
    const make = () => person.ask('POST', '/tokens', { name: 'ci', scope: 'full' });
    expect((await make()).body).toMatchObject({ status: 403, code: 'sign-in-not-fresh' });
    expect((await person.ask('POST', '/sessions/current/confirmations', { password: 'not it' })).body).toMatchObject({
      code: 'wrong-credentials',
    });
    expect((await make()).status).toBe(403);
    expect((await person.ask('POST', '/sessions/current/confirmations', { password })).status).toBe(204);
    expect((await make()).status).toBe(201);
  });
});

describe('a token', () => {
  it('is shown once, kept as a hash, tells when it was used, and is revoked at once', async () => {
    const person = await addPerson();
    const created = await person.ask('POST', '/tokens', { name: 'ci', scope: 'operate', expiresInDays: 7 });
    const secret = String(created.body['secret']);
    expect(secret).toMatch(/^tidemark_[\w-]{43}$/);
    const by = { authorization: `Bearer ${secret}` };
    expect((await world.anonymous.ask('GET', '/me', undefined, by)).body).toMatchObject({ id: person.id });
    const listed = await person.ask('GET', '/tokens');
    expect(listed.body['items']).toMatchObject([{ name: 'ci', scope: 'operate', lastUsedAt: expect.stringMatching(/Z$/) as string }]);
    expect(listed.text).not.toContain(secret);
    const { token_hash } = await world.db
      .selectFrom('api_tokens')
      .select('token_hash')
      .where('id', '=', created.id)
      .executeTakeFirstOrThrow();
    expect(token_hash.toString('latin1')).not.toContain(secret);
    expect((await person.ask('POST', '/tokens', { name: 'ci', scope: 'read' })).body).toMatchObject({ code: 'already-exists' });
    expect((await person.ask('DELETE', `/tokens/${created.id}`)).status).toBe(204);
    expect((await world.anonymous.ask('GET', '/me', undefined, by)).status).toBe(401);
  });

  it('that has expired, or is not one, opens nothing, whatever cookie comes with it', async () => {
    const person = await addPerson();
    const program = await world.addProgram(person.id, 'full');
    await world.db.updateTable('api_tokens').set({ expires_at: new Date() }).where('user_id', '=', person.id).execute();
    expect((await program.ask('GET', '/me')).status).toBe(401);
    for (const authorization of ['Bearer x', 'Bearer', 'Basic YTpi', 'tidemark_x'])
      expect((await person.ask('GET', '/me', undefined, { authorization })).status, authorization).toBe(401);
  });
});

describe('keeping less than before', () => {
  it('is like deleting backups: it wants a fresh password or a full token', async () => {
    const person = await addPerson();
    const policyId = await addPolicy(world, person.id);
    const ask = async (caller: Caller, body: object) => (await caller.ask('PATCH', `/policies/${policyId}`, body)).body['code'];
    const operator = await world.addProgram(person.id, 'operate');
    const full = await world.addProgram(person.id, 'full');
    await world.db
      .updateTable('sessions')
      .set({ confirmed_at: new Date(0) })
      .where('user_id', '=', person.id)
      .execute();
    const usual = { fulls: 7, incrementalDays: 30, logHours: 72 };
    for (const less of [{ retention: { ...usual, fulls: 6 } }, { retention: { ...usual, logHours: 71 } }, { pitrEnabled: false }]) {
      expect(await ask(person, less)).toBe('sign-in-not-fresh');
      expect(await ask(operator, less)).toBe('not-allowed');
      expect(await ask(full, less)).toBe('temporal-unavailable');
    }
    for (const caller of [person, operator]) expect(await ask(caller, { retention: { ...usual, fulls: 8 } })).toBe('temporal-unavailable');
  });
});
