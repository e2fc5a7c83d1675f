import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addAttached, addBackup, addDatabase } from './fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

const HOUR = 3_600_000;
let world: ApiWorld;
let caller: Caller;

beforeAll(async () => {
  world = await startApiWorld();
  caller = await world.addCaller();
});
afterAll(() => world.stop());

/** As the API shows it, alone and in the list. */
async function attachmentOf(databaseId: string): Promise<Record<string, unknown>> {
  const { body } = await caller.ask('GET', `/databases/${databaseId}`);
  const list = (await caller.ask('GET', '/databases')).body['items'] as Record<string, unknown>[];
  expect(list.find(({ id }) => id === databaseId)?.['attachment']).toEqual(body['attachment']);
  return body['attachment'] as Record<string, unknown>;
}

it('a database whose promised backups do not come is overdue, whatever became of them', async () => {
  const of = await addAttached(world, caller.id);
  expect(await attachmentOf(of.databaseId)).toMatchObject({ lastSuccessAt: null, overdueSince: null });
  const before = Date.now() - 13 * HOUR;
  await addBackup(world.db, of, { at: before });
  await addBackup(world.db, of, { at: Date.now() - HOUR, status: 'failed' });
  const overdue = await attachmentOf(of.databaseId);
  expect(overdue).toMatchObject({ lastSuccessAt: new Date(before).toISOString(), overdueSince: expect.any(String) as string });
  expect(Date.parse(String(overdue['overdueSince']))).toBeLessThan(Date.now());
  await addBackup(world.db, of, { at: Date.now() - HOUR });
  expect(await attachmentOf(of.databaseId)).toMatchObject({ overdueSince: null });
});

it('one that was attached and never backed up is overdue too; one that is not attached is not', async () => {
  const { databaseId } = await addAttached(world, caller.id);
  const attachedAt = new Date(Date.now() - 13 * HOUR);
  await sql`update attachments set created_at = ${attachedAt} where database_id = ${databaseId}`.execute(world.db);
  expect(await attachmentOf(databaseId)).toMatchObject({ lastSuccessAt: null, overdueSince: expect.any(String) as string });
  const alone = await addDatabase(world, caller.id);
  expect((await caller.ask('GET', `/databases/${alone}`)).body).toMatchObject({ attachment: null });
});
