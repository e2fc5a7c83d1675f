import { afterAll, beforeAll, expect, it } from 'vitest';
import { addAttached, addBackup } from './fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

let world: ApiWorld;
let caller: Caller;

beforeAll(async () => {
  world = await startApiWorld();
  caller = await world.addCaller();
});
afterAll(() => world.stop());

/** A full and two incrementals on it, and a newer full. */
async function addChain(): Promise<{ databaseId: string; policyId: string; ids: string[] }> {
  const of = await addAttached(world, caller.id);
  const ids: string[] = [];
  for (const [index, kind] of (['full', 'incremental', 'incremental', 'full'] as const).entries()) {
    const at = Date.UTC(2026, 10, 1 + index);
    ids.push(await addBackup(world.db, of, { at, ...(kind === 'full' ? {} : { parentId: ids.at(-1) ?? '' }) }));
  }
  return { ...of, ids };
}

it('shows what retention would remove, and why each', async () => {
  const { databaseId, policyId, ids } = await addChain();
  expect((await caller.ask('GET', `/databases/${databaseId}/retention-plan`)).body).toEqual({ items: [] });
  await world.db.updateTable('policies').set({ retention_fulls: 1 }).where('id', '=', policyId).execute();
  const { body } = await caller.ask('GET', `/databases/${databaseId}/retention-plan`);
  const items = body['items'] as { backupId: string; reason: string }[];
  expect(items.map(({ backupId }) => backupId).toSorted()).toEqual(ids.slice(0, 3).toSorted());
  expect(items.find(({ backupId }) => backupId === ids[0])?.reason).toBe('it is older than the newest 1 fulls, which are kept');
  expect((await (await world.addCaller()).ask('GET', `/databases/${databaseId}/retention-plan`)).status).toBe(404);
});

it('deletes nothing before the number of backups that go was named, and says which they are', async () => {
  const { databaseId, ids } = await addChain();
  const refused = await caller.ask('POST', `/backups/${ids[1]}/deletions`, { confirmBackups: 1 });
  expect(refused.body).toMatchObject({ status: 409, code: 'confirmation-needed', detail: expect.stringContaining('removes 2 backups') });
  for (const id of ids.slice(1, 3)) expect(refused.text).toContain(id);
  expect(refused.text).not.toContain(ids[3]);
  const { body } = await caller.ask('GET', `/databases/${databaseId}/backups`);
  expect((body['items'] as { status: string }[]).map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'completed'));
});

it('says when no backup would be left, and refuses one that is not completed', async () => {
  const of = await addAttached(world, caller.id);
  const only = await addBackup(world.db, of);
  const refused = await caller.ask('POST', `/backups/${only}/deletions`, { confirmBackups: 7 });
  expect(refused.body['detail']).toContain('No backup of the database is left then.');
  await world.db.updateTable('backups').set({ status: 'deleting' }).where('id', '=', only).execute();
  expect((await caller.ask('POST', `/backups/${only}/deletions`, { confirmBackups: 1 })).body).toMatchObject({
    code: 'backup-not-restorable',
  });
});
