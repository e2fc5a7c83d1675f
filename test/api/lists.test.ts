import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachDatabase } from '#db/attachments.ts';
import { markDatabase } from '#db/databases.ts';
import { insertTask } from '#db/tasks.ts';
import { addAttached, addBackup, addDatabase, addPolicy } from './fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

let world: ApiWorld;
let ann: Caller;
let bob: Caller;
let admin: Caller;
beforeAll(async () => {
  world = await startApiWorld();
  [ann, bob, admin] = [await world.addCaller(), await world.addCaller(), await world.addCaller('admin')];
});
afterAll(() => world.stop());

type Item = Record<string, unknown> & { id: string };

/** Walks a list to its end, and returns what it saw. */
async function walk(caller: Caller, path: string, limit: number): Promise<Item[]> {
  const seen: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const joint = path.includes('?') ? '&' : '?';
    const { status, body } = await caller.ask('GET', `${path}${joint}limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`);
    expect(status).toBe(200);
    const items = body['items'] as Item[];
    expect(items.length).toBeLessThanOrEqual(limit);
    seen.push(...items);
    cursor = body['nextCursor'] as string | null;
  }
  expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
  return seen;
}

describe('a list of databases', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  beforeAll(async () => {
    for (const name of names.toReversed()) await addDatabase(world, ann.id, { name: `${name}_100%` });
    for (const name of names.slice(0, 3)) await addDatabase(world, bob.id, { name: `${name}_100%` });
  });

  it.each([
    ['name', names],
    ['-name', names.toReversed()],
    ['createdAt', names.toReversed()],
    ['-createdAt', names],
  ])('is walked in pages, sorted by %s', async (sort, expected) => {
    for (const limit of [1, 3, 7, 100]) {
      const seen = await walk(ann, `/databases?sort=${sort}`, limit);
      expect(seen.map(({ name }) => String(name)[0])).toEqual(expected);
    }
  });

  it('is walked by an admin over all users, where names come twice, and over one', async () => {
    expect(await walk(admin, '/databases', 2)).toHaveLength(10);
    expect((await walk(admin, `/databases?ownerId=${bob.id}`, 2)).map(({ ownerId }) => ownerId)).toEqual([bob.id, bob.id, bob.id]);
    expect((await ann.ask('GET', `/databases?ownerId=${bob.id}`)).body).toMatchObject({ status: 403, code: 'not-allowed' });
    expect(await walk(bob, `/databases?ownerId=${bob.id}`, 2)).toHaveLength(3);
  });

  it('is filtered', async () => {
    const [first] = await walk(ann, '/databases', 100);
    await markDatabase(world.db, first?.id ?? '', { status: 'error', status_message: 'gone' });
    await attachDatabase(world.db, first?.id ?? '', await addPolicy(world, ann.id));
    const count = async (query: string) => (await walk(ann, `/databases?${query}`, 100)).length;
    expect(await count('status=error')).toBe(1);
    expect(await count('isAttached=true')).toBe(1);
    expect(await count('isAttached=false')).toBe(6);
    expect(await count('engine=mysql')).toBe(0);
    expect(await count('search=A_100%25')).toBe(1);
    expect(await count('search=_100%25')).toBe(7);
    expect(await count('search=x_100')).toBe(0);
    expect(await count('search=b%25')).toBe(0);
  });

  it("says so when its cursor is of nothing or of another's, and refuses other limits", async () => {
    const [another] = await walk(bob, '/databases', 100);
    for (const cursor of [randomUUID(), another?.id]) {
      const answer = await ann.ask('GET', `/databases?cursor=${cursor}`);
      expect(answer.body).toMatchObject({ status: 400, code: 'invalid-request', detail: expect.stringContaining('cursor') as string });
    }
    for (const query of ['limit=0', 'limit=501', 'limit=x', 'cursor=x', 'sort=host', 'isAttached=yes'])
      expect((await ann.ask('GET', `/databases?${query}`)).status, query).toBe(400);
  });
});

it('a list of policies tells to how many databases each is attached', async () => {
  const cat = await world.addCaller();
  const { policyId } = await addAttached(world, cat.id);
  await addAttached(world, cat.id, { policyId });
  await addPolicy(world, cat.id, { name: 'unused' });
  const counts = (await walk(cat, '/policies', 1)).map(({ id, attachedCount }) => [id === policyId, attachedCount]);
  expect(counts).toEqual([
    [true, 2],
    [false, 0],
  ]);
});

describe('a list of backups or tasks', () => {
  it('loses none of those that came in one instant', async () => {
    const of = await addAttached(world, ann.id);
    await world.db.transaction().execute(async (transaction) => {
      for (let n = 0; n < 9; n++) {
        await addBackup(transaction, of, { status: n % 3 === 0 ? 'failed' : 'completed' });
        await insertTask(transaction, { id: randomUUID(), kind: 'backup', owner_id: ann.id, database_id: of.databaseId });
      }
    });
    for (const limit of [1, 4, 9]) {
      expect(await walk(ann, `/databases/${of.databaseId}/backups`, limit)).toHaveLength(9);
      expect(await walk(ann, `/databases/${of.databaseId}/backups?status=failed`, limit)).toHaveLength(3);
      expect(await walk(ann, `/tasks?databaseId=${of.databaseId}`, limit)).toHaveLength(9);
    }
    expect(await walk(ann, `/tasks?databaseId=${of.databaseId}&kind=restore`, 5)).toEqual([]);
    expect(await walk(bob, `/tasks?databaseId=${of.databaseId}`, 5)).toEqual([]);
  });
});
