import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

let world: ApiWorld;
let admin: Caller;
beforeAll(async () => {
  world = await startApiWorld();
  admin = await world.addCaller('admin');
});
afterAll(() => world.stop());

const list = async (query = '') =>
  (await admin.ask('GET', `/audit-rows${query}`)).body as { items: Record<string, unknown>[]; nextCursor: string | null };
const verify = async () => (await admin.ask('GET', '/audit-rows/verification')).body;

describe('the audit log', () => {
  it('tells who did what to what, from where, what it was before and after, and how it ended', async () => {
    const person = await world.addCaller();
    const edited = await admin.ask('PATCH', `/users/${person.id}`, { name: 'Ann', role: 'admin', password: 'a quite new secret' });
    const { items } = await list(`?subject=user:${person.id}`);
    expect(items).toMatchObject([
      { outcome: 'done', action: 'editUser', actorId: admin.id, requestId: edited.headers.get('x-request-id') },
      {
        outcome: 'begun',
        action: 'editUser',
        actorId: admin.id,
        remoteAddress: '127.0.0.1',
        requestId: edited.headers.get('x-request-id'),
        details: {
          fields: ['name', 'role', 'password'],
          changes: { name: { from: 'Somebody', to: 'Ann' }, role: { from: 'user', to: 'admin' } },
        },
      },
    ]);
    expect(JSON.stringify(items)).not.toMatch(/quite new|scrypt/);
  });

  it('tells what was refused, and why', async () => {
    const taken = await world.addCaller();
    const body = { email: `${taken.id}@example.com`, name: 'X', password: 'correct horse battery' };
    expect((await admin.ask('POST', '/users', body)).status).toBe(409);
    const [refused] = (await list('?action=createUser')).items;
    expect(refused).toMatchObject({ outcome: 'refused', details: { code: 'already-exists' }, actorId: admin.id });
  });

  it('is walked page by page, without a row twice or left out', async () => {
    const person = await world.addCaller();
    for (let n = 0; n < 6; n++) await person.ask('PATCH', '/me', { name: `name ${n}` });
    const seen: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await list(`?actorId=${person.id}&limit=5${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen).toHaveLength(12);
    expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => Number(b) - Number(a)));
  });

  it('is filtered by action and by time, page by page, and says so when a cursor is of no row', async () => {
    const person = await world.addCaller();
    for (let n = 0; n < 3; n++) await person.ask('PATCH', '/me', { name: `name ${n}` });
    const rows = (await list(`?actorId=${person.id}&action=editMe`)).items;
    expect(rows).toHaveLength(6);
    const [newest, oldest] = [String(rows[0]?.['at']), String(rows[5]?.['at'])];
    const after = new Date(Date.parse(newest) + 1).toISOString();
    const first = await list(`?actorId=${person.id}&from=${oldest}&to=${after}&limit=4`);
    const second = await list(`?actorId=${person.id}&from=${oldest}&to=${after}&limit=4&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    expect((await list(`?actorId=${person.id}&to=${oldest}`)).items).toEqual([]);
    expect((await list(`?actorId=${person.id}&from=${after}`)).items).toEqual([]);
    expect((await list(`?actorId=${person.id}&action=createToken`)).items).toEqual([]);
    expect((await admin.ask('GET', '/audit-rows?cursor=999999999')).body).toMatchObject({ status: 400, code: 'invalid-request' });
  });

  it('keeps one unbroken chain when many act at once', async () => {
    const people = await Promise.all(Array.from({ length: 20 }, () => world.addCaller()));
    await Promise.all(people.map((person) => person.ask('PATCH', '/me', { name: 'New' })));
    expect(await verify()).toMatchObject({ ok: true, brokenAt: null });
    const { items } = await list('?limit=40');
    const ids = items.map(({ id }) => Number(id));
    expect(ids).toEqual(ids.map((_, index) => (ids[0] ?? 0) - index));
  });

  it('is not changed, not even by whoever holds the catalogue, without that being seen', async () => {
    for (const change of ["update audit_rows set subject = 'x'", 'delete from audit_rows', 'truncate audit_rows'])
      await expect(sql.raw(change).execute(world.db), change).rejects.toThrow('added and nothing else');
    await admin.ask('PATCH', '/me', { name: 'Root' });
    const last = (await verify())['newest'] as { id: number };
    const tamper = async (change: string) =>
      world.db.transaction().execute(async (transaction) => {
        await sql.raw('alter table audit_rows disable trigger user').execute(transaction);
        await sql.raw(change).execute(transaction);
        await sql.raw('alter table audit_rows enable trigger user').execute(transaction);
      });
    await tamper(`update audit_rows set actor_id = null where id = ${last.id - 1}`);
    expect(await verify()).toMatchObject({ ok: false, brokenAt: last.id - 1 });
    await tamper(`update audit_rows set actor_id = '${admin.id}' where id = ${last.id - 1}`);
    expect(await verify()).toMatchObject({ ok: true });
    await tamper(`delete from audit_rows where id = ${last.id - 1}`);
    expect(await verify()).toMatchObject({ ok: false, brokenAt: last.id });
  });

  it('comes first: no row, no effect', async () => {
    const name = randomUUID();
    await sql.raw(`alter table audit_rows add constraint none check (action <> 'createToken') not valid`).execute(world.db);
    expect((await admin.ask('POST', '/tokens', { name, scope: 'read' })).status).toBe(500);
    await sql.raw('alter table audit_rows drop constraint none').execute(world.db);
    expect((await admin.ask('GET', '/tokens')).text).not.toContain(name);
  });
});
