import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertNotice } from '#db/notices.ts';
import { endTask } from '#db/tasks.ts';
import { addAttached, addBackup, addDatabase, addLogs, addTask } from './fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

const HOUR_MS = 3_600_000;

let world: ApiWorld;
let owner: Caller;
let admin: Caller;
beforeAll(async () => {
  world = await startApiWorld();
  [owner, admin] = [await world.addCaller(), await world.addCaller('admin')];
});
afterAll(() => world.stop());

describe('the overview', () => {
  it('of somebody new is empty, with each of the last 30 days', async () => {
    const { status, body } = await owner.ask('GET', '/overview');
    expect(status).toBe(200);
    const none = { total: 0, items: [] };
    expect(body).toMatchObject({ databases: 0, policies: 0, unprotected: none, overdue: none, failing: none, unsentNotices: null });
    expect(body['tasks']).toEqual({ queued: 0, running: 0, failedLastDay: 0 });
    const { days, ...stored } = body['stored'] as { days: { day: string; writtenBytes: number }[] };
    expect(stored).toEqual({ backups: 0, backupBytes: 0, logBytes: 0 });
    expect(days).toHaveLength(30);
    expect(days.at(-1)?.day).toBe(new Date().toISOString().slice(0, 10));
    expect(days.every(({ writtenBytes }) => writtenBytes === 0)).toBe(true);
  });

  it('names what needs somebody, counts what runs, and adds up what is stored', async () => {
    const unprotected = await addDatabase(world, owner.id, { name: 'bare', status: 'error' });
    const replica = await addDatabase(world, owner.id, { name: 'copy', primaryId: unprotected });
    const fine = await addAttached(world, owner.id);
    const late = await addAttached(world, owner.id);
    await addBackup(world.db, fine, { at: Date.now() - HOUR_MS });
    const gone = await addBackup(world.db, fine, { at: Date.now() - 26 * HOUR_MS });
    await world.db.updateTable('backups').set({ status: 'deleted' }).where('id', '=', gone).execute();
    await addBackup(world.db, late, { at: Date.now() - 9 * 24 * HOUR_MS });
    await addBackup(world.db, late, { at: Date.now() - HOUR_MS, status: 'failed' });
    await addLogs(world.db, fine.databaseId, 1, 1, [Date.now()]);
    await world.db
      .updateTable('policies')
      .set({ status: 'paused', consecutive_failures: 3, last_error: 'no space left' })
      .where('id', '=', late.policyId)
      .execute();
    await world.db.updateTable('attachments').set({ pitr_status: 'error' }).where('database_id', '=', late.databaseId).execute();
    await addTask(world.db, owner.id, fine.databaseId);
    await endTask(world.db, await addTask(world.db, owner.id, late.databaseId), { status: 'failed' });
    const { body } = await owner.ask('GET', '/overview');
    const ids = (part: string): unknown[] => (body[part] as { items: { id: unknown }[] }).items.map(({ id }) => id);
    expect(body).toMatchObject({ databases: 4, policies: 2, tasks: { queued: 1, running: 0, failedLastDay: 1 } });
    expect(ids('unprotected')).toEqual([unprotected]);
    expect(ids('unreachable')).toEqual([unprotected]);
    expect(ids('unreachable')).not.toContain(replica);
    expect(ids('overdue')).toEqual([late.databaseId]);
    expect(ids('pitrInTrouble')).toEqual([late.databaseId]);
    expect(body['failing']).toMatchObject({
      total: 1,
      items: [{ id: late.policyId, status: 'paused', consecutiveFailures: 3, lastError: 'no space left' }],
    });
    const { days, ...stored } = body['stored'] as { days: { backups: number; writtenBytes: number; keptBytes: number }[] };
    expect(stored).toEqual({ backups: 2, backupBytes: 2_000_000_000, logBytes: 16_777_216 });
    const sum = (of: 'backups' | 'writtenBytes' | 'keptBytes'): number => days.reduce((total, day) => total + day[of], 0);
    expect([sum('backups'), sum('writtenBytes'), sum('keptBytes')]).toEqual([3, 3_000_000_000, 2_000_000_000]);
  });

  it("shows nobody what is another's, and admins everybody or one", async () => {
    const other = await world.addCaller();
    expect((await other.ask('GET', '/overview')).body).toMatchObject({ databases: 0, policies: 0, stored: { backups: 0, logBytes: 0 } });
    expect((await other.ask('GET', `/overview?ownerId=${owner.id}`)).status).toBe(403);
    const notice = {
      id: randomUUID(),
      kind: 'backup-failed',
      event: 'x',
      recipient_id: owner.id,
      subject: 'x',
      body_text: 'x',
      body_html: 'x',
    } as const;
    await insertNotice(world.db, notice);
    expect((await admin.ask('GET', '/overview')).body).toMatchObject({ databases: 4, unsentNotices: 1 });
    expect((await admin.ask('GET', `/overview?ownerId=${owner.id}`)).body).toMatchObject({ databases: 4, unsentNotices: null });
    expect((await admin.ask('GET', `/overview?ownerId=${other.id}`)).body).toMatchObject({ databases: 0 });
  });
});

describe('the installation', () => {
  it('tells its version, and where the workflows are found if that is known', async () => {
    const { body } = await admin.ask('GET', '/installation');
    expect(body).toEqual({ version: expect.stringMatching(/^\d+\.\d+/), temporalNamespace: null, temporalUiUrl: null });
  });
});
