import { createHash, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markDatabase, pinHostKey } from '#db/databases.ts';
import { updatePolicy } from '#db/policies.ts';
import { addDatabase, addPolicy } from './fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.stop());

const token = (name: string) => ({ name, scope: 'read', expiresInDays: 1 });

function send(caller: Caller, key: string, body: unknown, path = '/tokens') {
  return caller.ask('POST', path, body, { 'idempotency-key': key });
}

describe('a request with an Idempotency-Key', () => {
  it('is done once, and answered the same again', async () => {
    const [caller, key] = [await world.addCaller(), randomUUID()];
    const first = await send(caller, key, token('nightly'));
    const again = await send(caller, key, token('nightly'));
    expect(first).toMatchObject({ status: 201, body: { name: 'nightly' } });
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect((await caller.ask('GET', '/tokens')).body['items']).toHaveLength(1);
  });

  it('keeps the answer, which may hold a secret, sealed', async () => {
    const [caller, key] = [await world.addCaller(), randomUUID()];
    const { body } = await send(caller, key, token('sealed'));
    const row = await world.db.selectFrom('idempotency_keys').selectAll().where('key', '=', key).executeTakeFirstOrThrow();
    expect(world.sealer.hasSealed(row.answer_sealed ?? Buffer.alloc(0))).toBe(true);
    expect(row.answer_sealed?.includes(String(body['secret']))).toBe(false);
  });

  it('sent at the same time is done once, and the others are told to come again', async () => {
    const admin = await world.addCaller('admin');
    const [key, email] = [randomUUID(), `${randomUUID()}@example.com`];
    const user = { email, name: 'New', password: 'correct horse battery' };
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(admin, key, user, '/users')));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409, 409]);
    for (const { body, headers } of answers.filter(({ status }) => status === 409)) {
      expect(body['code']).toBe('request-running');
      expect(headers.get('retry-after')).toBe('2');
    }
    expect(await send(admin, key, user, '/users')).toMatchObject({ status: 201, body: { email } });
  });

  it('is refused under the key of another request, whose owner alone knows it', async () => {
    const [caller, other, key] = [await world.addCaller(), await world.addCaller(), randomUUID()];
    await send(caller, key, token('one'));
    expect((await send(caller, key, token('two'))).body).toMatchObject({ status: 422, code: 'idempotency-key-reused' });
    expect((await send(other, key, token('two'))).status).toBe(201);
  });

  it('is known by a mark that tells nothing to who has the catalogue alone', async () => {
    const [admin, key] = [await world.addCaller('admin'), randomUUID()];
    const user = { email: `${key}@example.com`, name: 'New', password: 'correct horse battery' };
    await send(admin, key, user, '/users');
    const row = await world.db.selectFrom('idempotency_keys').selectAll().where('key', '=', key).executeTakeFirstOrThrow();
    const words = JSON.stringify(['POST', '/api/v1/users', user]);
    expect(row.request_hash.equals(world.sealer.fingerprint(words))).toBe(true);
    expect(row.request_hash.equals(createHash('sha256').update(words).digest())).toBe(false);
  });

  it('that meets others which are refused is done by one at a time', async () => {
    const [caller, key] = [await world.addCaller(), randomUUID()];
    await send(caller, randomUUID(), token('theirs'));
    const answers = await Promise.all(Array.from({ length: 40 }, () => send(caller, key, token('theirs'))));
    expect(new Set(answers.map(({ body }) => body['code']))).toEqual(new Set(['already-exists', 'request-running']));
  });

  it('may come again when it was refused, or could not begin', async () => {
    const [caller, key] = [await world.addCaller(), randomUUID()];
    await send(caller, randomUUID(), token('taken'));
    expect((await send(caller, key, token('taken'))).body).toMatchObject({ code: 'already-exists' });
    expect((await send(caller, key, token('free'))).status).toBe(201);
    const store = { endpoint: 's3.example.com', bucket: 'backups', accessKey: 'a', secretKey: 's' };
    const withoutTemporal = () => send(caller, 'second', { name: 'nightly', store }, '/policies');
    expect((await withoutTemporal()).body).toMatchObject({ code: 'temporal-unavailable' });
    expect((await withoutTemporal()).body).toMatchObject({ code: 'temporal-unavailable' });
  });

  it('whose answer nobody knows is not done again', async () => {
    const [caller, key] = [await world.addCaller(), randomUUID()];
    await send(caller, key, token('lost'));
    await world.db.updateTable('idempotency_keys').set({ answer_sealed: null }).where('key', '=', key).execute();
    expect((await send(caller, key, token('lost'))).body).toMatchObject({ status: 409, code: 'outcome-unknown' });
  });

  it('is forgotten after a day', async () => {
    const [caller, key] = [await world.addCaller(), randomUUID()];
    await send(caller, key, token('old'));
    await sql`update idempotency_keys set created_at = now() - interval '25 hours' where key = ${key}`.execute(world.db);
    expect((await send(caller, key, token('new'))).status).toBe(201);
  });

  it.each(['', 'two words', 'x'.repeat(201)])('is refused when that is "%s"', async (key) => {
    const answer = await send(await world.addCaller(), key, token('no'));
    expect(answer.body).toMatchObject({ status: 400, errors: [{ in: 'header', path: 'Idempotency-Key' }] });
  });
});

describe('an edit with If-Match', () => {
  const cases: Record<string, () => Promise<[Caller, string]>> = {
    'a database': async () => {
      const owner = await world.addCaller();
      return [owner, `/databases/${await addDatabase(world, owner.id)}`];
    },
    'the own account': async () => [await world.addCaller(), '/me'],
    'a user': async () => [await world.addCaller('admin'), `/users/${(await world.addCaller()).id}`],
  };

  it.each(Object.entries(cases))('of %s is done at its revision, and refused after another', async (_, make) => {
    const [owner, path] = await make();
    const seen = await owner.ask('GET', path);
    const etag = seen.headers.get('etag') ?? '';
    expect(etag).toBe(`"${String(seen.body['revision'])}"`);
    const edited = await owner.ask('PATCH', path, { name: 'first' }, { 'if-match': etag });
    expect(edited).toMatchObject({ status: 200, body: { name: 'first', revision: 2 } });
    expect(edited.headers.get('etag')).toBe('"2"');
    expect((await owner.ask('PATCH', path, { name: 'second' }, { 'if-match': etag })).body).toMatchObject({
      status: 412,
      code: 'edited-meanwhile',
    });
    expect((await owner.ask('GET', path)).body).toMatchObject({ name: 'first', revision: 2 });
    expect((await owner.ask('PATCH', path, { name: 'third' })).status).toBe(200);
    expect((await owner.ask('PATCH', path, { name: 'fourth' }, { 'if-match': '*' })).status).toBe(200);
  });

  it('of two at the same time lets one through', async () => {
    const owner = await world.addCaller();
    const path = `/databases/${await addDatabase(world, owner.id)}`;
    const answers = await Promise.all(['a', 'b', 'c'].map((name) => owner.ask('PATCH', path, { name }, { 'if-match': '"1"' })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412, 412]);
  });

  it.each(['3', 'W/"1"', '"0"', '"x"'])('is refused when that is %s', async (etag) => {
    const answer = await (await world.addCaller()).ask('PATCH', '/me', { name: 'n' }, { 'if-match': etag });
    expect(answer.body).toMatchObject({ status: 400, errors: [{ in: 'header', path: 'If-Match' }] });
  });
});

it('counts edits, not what changes by itself', async () => {
  const { db } = world;
  const { id: ownerId } = await world.addCaller();
  const [databaseId, policyId] = [await addDatabase(world, ownerId), await addPolicy(world, ownerId)];
  await markDatabase(db, databaseId, { status: 'error', status_message: 'gone' });
  await updatePolicy(db, policyId, { status: 'paused', consecutive_failures: 3, credentials_verified_at: new Date() });
  const revisions = async () => [
    (await db.selectFrom('databases').select('revision').where('id', '=', databaseId).executeTakeFirstOrThrow()).revision,
    (await db.selectFrom('policies').select('revision').where('id', '=', policyId).executeTakeFirstOrThrow()).revision,
  ];
  expect(await revisions()).toEqual([1, 1]);
  await db.updateTable('databases').set({ host_key: null }).where('id', '=', databaseId).execute();
  await pinHostKey(db, databaseId, 'ssh-ed25519 AAAA');
  await updatePolicy(db, policyId, { retention_fulls: 3 });
  expect(await revisions()).toEqual([3, 2]);
});
