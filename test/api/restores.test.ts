import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addAttached, addBackup, addDatabase, addLogs } from './fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

let world: ApiWorld;
let caller: Caller;
beforeAll(async () => {
  world = await startApiWorld();
  caller = await world.addCaller();
});
afterAll(() => world.stop());

const MINUTE = 60_000;
const start = Math.floor(Date.now() / MINUTE) * MINUTE - 600 * MINUTE;
const time = (minute: number) => start + minute * MINUTE;
const iso = (minute: number) => new Date(time(minute)).toISOString();
const second = (minute: number) => iso(minute).replace('.000Z', 'Z');

/** A full at minute 10, logs until 60; the pieces until 120 gone; a full at 200, logs until 300; then, restored, a generation from 400 to 500. */
async function addHistory() {
  const of = await addAttached(world, caller.id, { generations: 2 });
  const first = await addBackup(world.db, of, { at: time(10), logs: [1, 1] });
  await addBackup(world.db, of, { at: time(200), logs: [5, 5] });
  const newest = await addBackup(world.db, of, { at: time(400), generation: 2, logs: [1, 1] });
  await addLogs(world.db, of.databaseId, 1, 1, [time(20), time(60), null, time(120), time(210), time(300)]);
  await addLogs(world.db, of.databaseId, 2, 1, [time(410), time(500)]);
  return { ...of, first, newest };
}

async function restore(databaseId: string, body: Record<string, unknown>) {
  const database = await caller.ask('GET', `/databases/${databaseId}`);
  return caller.ask('POST', `/databases/${databaseId}/restores`, { confirmName: database.body['name'], ...body });
}

describe('the recovery window', () => {
  it('is a list of intervals, each hole between them with its reason', async () => {
    const { databaseId } = await addHistory();
    expect((await caller.ask('GET', `/databases/${databaseId}/recovery-window`)).body).toEqual({
      databaseId,
      intervals: [
        { from: iso(10), to: iso(60) },
        { from: iso(200), to: iso(300) },
        { from: iso(400), to: iso(500) },
      ],
      holes: [
        { from: iso(60), to: iso(200), reason: 'log-3 is gone from the bucket' },
        { from: iso(300), to: iso(400), reason: `generation 2 began; its first full ended at ${iso(400)}` },
      ],
      reason: null,
    });
  });

  it('is empty, and says why, without PITR, without a policy, and before the first backup', async () => {
    const off = await addAttached(world, caller.id, { pitrEnabled: false });
    await addBackup(world.db, off, { at: time(10) });
    await addLogs(world.db, off.databaseId, 1, 1, [time(20)]);
    const [free, fresh] = [await addDatabase(world, caller.id), (await addAttached(world, caller.id)).databaseId];
    for (const [id, reason] of [
      [off.databaseId, /^point-in-time recovery is off in the policy/],
      [free, /not attached/],
      [fresh, /no backup/],
    ] as const) {
      expect((await caller.ask('GET', `/databases/${id}/recovery-window`)).body).toMatchObject({
        intervals: [],
        holes: [],
        reason: expect.stringMatching(reason),
      });
    }
    expect((await restore(off.databaseId, { target: second(15) })).body).toMatchObject({
      code: 'target-outside-window',
      detail: expect.stringContaining('is off'),
    });
  });
});

describe('a restore', () => {
  it('wants the name of the database as a confirmation', async () => {
    const { databaseId, first } = await addHistory();
    const answer = await restore(databaseId, { backupId: first, confirmName: 'orders' });
    expect(answer.body).toMatchObject({ status: 400, code: 'invalid-request', errors: [{ in: 'body', path: 'confirmName' }] });
  });

  it.each([
    ['in the future', 100_000, /lies in the future/],
    ['before the window', 5, /begins after/],
    ['at the very moment of the first backup', 10, /begins after/],
    ['in a hole', 100, /hole .* because log-3 is gone/],
    ['between two generations', 350, /hole .* generation 2 began/],
  ])('to a time %s is refused', async (_, minute, why) => {
    const { databaseId } = await addHistory();
    expect((await restore(databaseId, { target: second(minute) })).body).toMatchObject({
      status: 422,
      code: 'target-outside-window',
      detail: expect.stringMatching(why),
    });
  });

  it.each([
    ['inside the window', 15],
    ['at the end of an interval', 60],
    ['inside an older generation', 250],
    ['after the end of the window, for the workflow to decide', 550],
  ])('to a time %s goes to the workflow', async (_, minute) => {
    const { databaseId } = await addHistory();
    // Temporal is down in this file: whatever is not refused comes as far as this
    expect((await restore(databaseId, { target: second(minute) })).body).toMatchObject({ status: 503, code: 'temporal-unavailable' });
  });

  it('to a time with an offset means that instant', async () => {
    const { databaseId } = await addHistory();
    const local = new Date(time(100) + 120 * MINUTE).toISOString().replace('.000Z', '+02:00');
    expect((await restore(databaseId, { target: local })).body).toMatchObject({
      code: 'target-outside-window',
      detail: expect.stringContaining(iso(100)),
    });
  });

  it('to a time without any backup is refused', async () => {
    const { databaseId } = await addAttached(world, caller.id);
    expect((await restore(databaseId, { target: second(100) })).body).toMatchObject({
      code: 'target-outside-window',
      detail: expect.stringContaining('no recovery window yet'),
    });
  });

  it('to a time in a hole within the newest generation is refused, also with a newer backup behind it', async () => {
    const of = await addAttached(world, caller.id);
    await addBackup(world.db, of, { at: time(10), logs: [1, 1] });
    await addBackup(world.db, of, { at: time(200), logs: [5, 5] });
    await addLogs(world.db, of.databaseId, 1, 1, [time(20), time(60), null, time(120), time(210), time(300)]);
    expect((await restore(of.databaseId, { target: second(100) })).body).toMatchObject({ code: 'target-outside-window' });
  });

  it('to a time before the only backup is refused even while its logs are still to come; after it, the workflow decides', async () => {
    const of = await addAttached(world, caller.id);
    await addBackup(world.db, of, { at: time(10) });
    expect((await restore(of.databaseId, { target: second(9) })).body).toMatchObject({ code: 'target-outside-window' });
    expect((await restore(of.databaseId, { target: second(11) })).body).toMatchObject({ code: 'temporal-unavailable' });
  });

  it("of another database's backup, or of none, is refused with the field", async () => {
    const [one, other] = [await addHistory(), await addHistory()];
    for (const backupId of [other.first, other.databaseId]) {
      expect((await restore(one.databaseId, { backupId })).body).toMatchObject({ status: 400, errors: [{ path: 'backupId' }] });
    }
  });

  it('of a backup that failed, or builds on one, is refused', async () => {
    const of = await addAttached(world, caller.id);
    const failed = await addBackup(world.db, of, { status: 'failed' });
    const orphan = await addBackup(world.db, of, { parentId: failed });
    for (const backupId of [failed, orphan]) {
      expect((await restore(of.databaseId, { backupId })).body).toMatchObject({ status: 422, code: 'backup-not-restorable' });
    }
  });

  it('of a completed backup goes to the workflow even inside a hole of the logs', async () => {
    const { databaseId, first, newest } = await addHistory();
    for (const backupId of [first, newest])
      expect((await restore(databaseId, { backupId })).body).toMatchObject({ code: 'temporal-unavailable' });
  });

  it('that is refused leaves no row behind', async () => {
    expect(await world.db.selectFrom('restores').selectAll().execute()).toEqual([]);
    expect(await world.db.selectFrom('tasks').selectAll().execute()).toEqual([]);
  });
});

describe('backups', () => {
  it('are listed newest first, a failed one with its error and hint', async () => {
    const of = await addAttached(world, caller.id);
    const full = await addBackup(world.db, of, { at: time(1) });
    const failed = await addBackup(world.db, of, { status: 'failed' });
    const incremental = await addBackup(world.db, of, { at: time(30), parentId: full });
    const items = (await caller.ask('GET', `/databases/${of.databaseId}/backups`)).body['items'] as Record<string, unknown>[];
    expect(items.map(({ id }) => id)).toEqual([incremental, failed, full]);
    expect(items[1]?.['error']).toEqual({ code: 'disk-full', message: 'no space left', hint: 'Free space on the host.' });
    expect((await caller.ask('GET', `/backups/${incremental}`)).body).toMatchObject({
      kind: 'incremental',
      parentId: full,
      consistentAt: iso(30),
      storedBytes: 1_000_000_000,
    });
    const attachments = (await caller.ask('GET', `/policies/${of.policyId}/attachments`)).body['items'];
    expect(attachments).toMatchObject([
      { databaseId: of.databaseId, lastFullAt: iso(1), lastIncrementalAt: iso(30), pitrStatus: 'configuring' },
    ]);
  });

  it('by hand need a policy', async () => {
    const databaseId = await addDatabase(world, caller.id);
    expect((await caller.ask('POST', `/databases/${databaseId}/backups`)).body).toMatchObject({ status: 409, code: 'not-attached' });
  });
});

describe('attaching', () => {
  it('is refused for what is attached, a replica, and what is not active, each with its reason', async () => {
    const [one, other] = [await addAttached(world, caller.id), await addAttached(world, caller.id)];
    const [replica, broken] = [
      await addDatabase(world, caller.id, { primaryId: one.databaseId }),
      await addDatabase(world, caller.id, { status: 'error' }),
    ];
    const attach = async (databaseId: string) => (await caller.ask('POST', `/policies/${one.policyId}/attachments`, { databaseId })).body;
    expect(await attach(other.databaseId)).toMatchObject({
      status: 409,
      code: 'already-attached',
      detail: 'Database is already attached to another backup policy',
    });
    expect(await attach(one.databaseId)).toMatchObject({ status: 409, code: 'already-attached' });
    expect(await attach(replica)).toMatchObject({ status: 409, code: 'not-attachable', detail: expect.stringContaining('is a replica') });
    expect(await attach(broken)).toMatchObject({ status: 409, code: 'not-attachable', detail: expect.stringContaining('status error') });
    expect((await caller.ask('DELETE', `/policies/${one.policyId}/attachments/${other.databaseId}`)).status).toBe(404);
  });
});
