import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attachDatabase, deleteAttachment } from '#db/attachments.ts';
import { updatePolicy } from '#db/policies.ts';
import { insertTask } from '#db/tasks.ts';
import { addAttached, addBackup, addLogs, addPolicy, addRestore } from './fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

const MINUTE = 60_000;
const PIECE_BYTES = 16_777_216;
const start = Math.floor(Date.now() / MINUTE) * MINUTE - 600 * MINUTE;
const time = (minute: number) => start + minute * MINUTE;
const second = (minute: number) => new Date(time(minute)).toISOString().replace('.000Z', 'Z');

let world: ApiWorld;
let caller: Caller;
let of: { databaseId: string; policyId: string };
let full: string;
let incremental: string;
/** A full at minute 10, an incremental at 30, logs until 60, a piece that is lost until 90, logs until 120. */
beforeAll(async () => {
  world = await startApiWorld();
  caller = await world.addCaller();
  of = await addAttached(world, caller.id);
  full = await addBackup(world.db, of, { at: time(10), logs: [1, 1] });
  incremental = await addBackup(world.db, of, { at: time(30), logs: [3, 3], parentId: full });
  await addLogs(world.db, of.databaseId, 1, 1, [time(15), time(25), time(40), time(50), time(60), null, time(120)]);
});
afterAll(() => world.stop());

const plan = (query: string) => caller.ask('GET', `/databases/${of.databaseId}/restore-plan?${query}`);

describe('a plan of a restore', () => {
  it('to a time names the chain, the logs up to that time, the disk and the time it takes', async () => {
    expect((await plan(`target=${second(45)}`)).body).toEqual({
      databaseId: of.databaseId,
      isKnown: true,
      generation: 1,
      chain: [
        { backupId: full, kind: 'full', consistentAt: new Date(time(10)).toISOString(), sizeBytes: 4_000_000_000 },
        { backupId: incremental, kind: 'incremental', consistentAt: new Date(time(30)).toISOString(), sizeBytes: 4_000_000_000 },
      ],
      logs: { pieces: 2, bytes: 2 * PIECE_BYTES },
      diskBytes: 4_000_000_000 + 2 * PIECE_BYTES,
      expectedSeconds: 4,
    });
    expect((await plan(`target=${second(12)}`)).body).toMatchObject({ chain: [{ backupId: full }], logs: { pieces: 1 } });
  });

  it('to a backup replays nothing', async () => {
    expect((await plan(`backupId=${full}`)).body).toMatchObject({ chain: [{ backupId: full }], logs: null, diskBytes: 4_000_000_000 });
  });

  it('is refused as the restore would be, with the hole', async () => {
    for (const [query, code, detail] of [
      [`target=${second(5)}`, 'target-outside-window', 'begins after'],
      [`target=${second(1_000)}`, 'target-outside-window', 'future'],
      [`target=${second(45)}&backupId=${full}`, 'invalid-request', 'either'],
      ['', 'invalid-request', 'either'],
    ] as const) {
      const { body } = await plan(query);
      expect(body, query).toMatchObject({ code, detail: expect.stringContaining(detail) as string });
    }
  });

  it('of what another policy keeps is refused as the restore would be, by the name of that policy', async () => {
    const kept = await addAttached(world, caller.id);
    const backupId = await addBackup(world.db, kept, { at: time(10), logs: [1, 1] });
    await addLogs(world.db, kept.databaseId, 1, 1, [time(15), time(25)]);
    await updatePolicy(world.db, kept.policyId, { name: 'Kept' });
    const { body: database } = await caller.ask('GET', `/databases/${kept.databaseId}`);
    const refused = async (asked: { backupId: string } | { target: string }, words: string) => {
      const expected = { status: 409, code: 'not-attached', detail: expect.stringContaining(words) as string };
      const query = new URLSearchParams(asked).toString();
      expect((await caller.ask('GET', `/databases/${kept.databaseId}/restore-plan?${query}`)).body).toMatchObject(expected);
      const body = { ...asked, confirmName: database['name'] };
      expect((await caller.ask('POST', `/databases/${kept.databaseId}/restores`, body)).body).toMatchObject(expected);
    };
    await deleteAttachment(world.db, kept.databaseId, kept.policyId);
    await refused({ backupId }, 'is not attached any more: attach it to "Kept" again, then restore');
    await world.db.updateTable('generations').set({ ended_at: new Date() }).where('database_id', '=', kept.databaseId).execute();
    await refused({ target: second(20) }, 'attach it to "Kept" again, then restore');
    const other = await addPolicy(world, caller.id, { name: 'Elsewhere' });
    await attachDatabase(world.db, kept.databaseId, other);
    await refused({ backupId }, 'detach it from the policy "Elsewhere", attach it to "Kept" again, then restore');
    expect((await caller.ask('GET', `/tasks?databaseId=${kept.databaseId}`)).body['items']).toEqual([]);
  });

  it('to a time after the last archived log is not known before its logs are archived', async () => {
    expect((await plan(`target=${second(100)}`)).body).toMatchObject({ isKnown: false, chain: [], logs: null });
  });

  it('begins nothing', async () => {
    await plan(`target=${second(45)}`);
    expect((await caller.ask('GET', `/databases/${of.databaseId}/restores`)).body).toEqual({ items: [] });
    expect((await caller.ask('GET', `/tasks?databaseId=${of.databaseId}`)).body['items']).toEqual([]);
  });
});

describe('the restores of a database', () => {
  it('are listed newest first, each with its task', async () => {
    const other = await addAttached(world, caller.id);
    const backupId = await addBackup(world.db, other);
    const restores = [await addRestore(world.db, other, backupId), await addRestore(world.db, other, backupId)];
    const taskId = crypto.randomUUID();
    await insertTask(world.db, {
      id: taskId,
      kind: 'restore',
      owner_id: caller.id,
      database_id: other.databaseId,
      restore_id: restores[1] ?? null,
    });
    expect((await caller.ask('GET', `/databases/${other.databaseId}/restores`)).body['items']).toMatchObject([
      { id: restores[1], taskId },
      { id: restores[0], taskId: null },
    ]);
  });
});
