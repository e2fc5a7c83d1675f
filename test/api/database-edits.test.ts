import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDatabase, sshKeyPlace, updateDatabase } from '#db/databases.ts';
import { requireOwnKey } from '#db/master-key.ts';
import { endTask, insertTask } from '#db/tasks.ts';
import { addAttached, addBackup, addDatabase, privateKey } from './fixtures.ts';
import { type LiveWorld, startLiveWorld } from './live-world.ts';
import { taskEnded } from './waiting.ts';
import type { ApiWorld, Caller } from './world.ts';

let live: LiveWorld;
let world: ApiWorld;
let caller: Caller;
beforeAll(async () => {
  live = await startLiveWorld();
  ({ world, caller } = live);
  await live.startWorkers();
});
afterAll(() => live.stop());

describe('editing a database', () => {
  it('renames it without looking at its host', async () => {
    const id = await addDatabase(world, caller.id);
    const answer = await caller.ask('PATCH', `/databases/${id}`, { name: 'invoices' });
    expect(answer.body).toMatchObject({ name: 'invoices', status: 'active', taskId: null });
    const other = await addDatabase(world, caller.id);
    expect((await caller.ask('PATCH', `/databases/${other}`, { name: 'invoices' })).body).toMatchObject({ code: 'already-exists' });
    expect((await caller.ask('PATCH', `/databases/${other}`, {})).body).toMatchObject({ status: 400 });
  });

  it('reaches it by a new address, login and key, and looks at once', async () => {
    const id = await addDatabase(world, caller.id);
    const sshPrivateKey = privateKey.replace('canary', 'a-new-canary');
    const edit = { host: '127.0.0.1', sshPort: 1, sshUser: 'other', sshPrivateKey: sshPrivateKey.replaceAll('\n', '\r\n'), hostKey: null };
    const answer = await caller.ask('PATCH', `/databases/${id}`, edit);
    expect(answer.body).toMatchObject({ host: '127.0.0.1', sshPort: 1, sshUser: 'other', status: 'checking', hostKeyFingerprint: null });
    expect(answer.text).not.toContain('canary');
    const row = await findDatabase(world.db, id);
    expect(world.sealer.open(row?.ssh_key_sealed ?? Buffer.alloc(0), sshKeyPlace(id)).toString()).toBe(sshPrivateKey);
    expect(await taskEnded(caller, String(answer.body['taskId']))).toMatchObject({ status: 'failed', error: { code: 'host-unreachable' } });
    expect((await caller.ask('GET', `/databases/${id}`)).body).toMatchObject({ status: 'error' });
    const audit = await world.db.selectFrom('audit_rows').select('details').where('subject', '=', `database:${id}`).execute();
    expect(audit[0]?.details).toMatchObject({
      fields: expect.arrayContaining(['sshPrivateKey']) as string[],
      changes: { sshUser: { from: 'admin', to: 'other' } },
    });
    expect(JSON.stringify(audit)).not.toContain('canary');
  });

  it('waits for the check that runs, and changes nothing meanwhile', async () => {
    const id = await addDatabase(world, caller.id);
    await insertTask(world.db, { id: randomUUID(), kind: 'check', owner_id: caller.id, database_id: id });
    expect((await caller.ask('PATCH', `/databases/${id}`, { sshUser: 'other' })).body).toMatchObject({
      status: 409,
      code: 'database-busy',
    });
    expect(await findDatabase(world.db, id)).toMatchObject({ ssh_user: 'admin', status: 'active' });
  });

  it('does not put another server behind backups that go on', async () => {
    const { databaseId } = await addAttached(world, caller.id);
    expect((await caller.ask('PATCH', `/databases/${databaseId}`, { port: 5433 })).body).toMatchObject({ code: 'database-in-use' });
  });
});

describe('removing a database', () => {
  const remove = async (id: string) => {
    const { body } = await caller.ask('GET', `/databases/${id}`);
    return caller.ask('POST', `/databases/${id}/deletions`, { confirmName: body['name'] });
  };

  it('is refused while it is attached, has replicas or backups, or something runs', async () => {
    const of = await addAttached(world, caller.id);
    expect((await remove(of.databaseId)).body['detail']).toContain('is attached to');
    const primaryId = await addDatabase(world, caller.id);
    await addDatabase(world, caller.id, { primaryId, name: 'its-replica' });
    expect((await remove(primaryId)).body).toMatchObject({
      status: 409,
      code: 'database-in-use',
      detail: expect.stringContaining('its-replica') as string,
    });
    await addBackup(world.db, of);
    await world.db.deleteFrom('attachments').where('database_id', '=', of.databaseId).execute();
    expect((await remove(of.databaseId)).body['detail']).toContain('1 backup that is kept');
    const id = await addDatabase(world, caller.id);
    const taskId = randomUUID();
    await insertTask(world.db, { id: taskId, kind: 'attach', owner_id: caller.id, database_id: id });
    expect((await remove(id)).body).toMatchObject({ code: 'database-busy' });
    await endTask(world.db, taskId, { status: 'completed' });
    expect((await remove(id)).status).toBe(204);
  });

  it('takes it from every list, with its key, and frees its name', async () => {
    const id = await addDatabase(world, caller.id, { name: 'short-lived' });
    expect((await caller.ask('POST', `/databases/${id}/deletions`, { confirmName: 'another' })).body).toMatchObject({
      errors: [{ path: 'confirmName' }],
    });
    expect((await remove(id)).status).toBe(204);
    expect((await caller.ask('GET', `/databases/${id}`)).status).toBe(404);
    expect((await caller.ask('GET', '/databases?search=short-lived')).body['items']).toEqual([]);
    expect((await findDatabase(world.db, id))?.ssh_key_sealed).toHaveLength(0);
    expect((await caller.ask('POST', `/databases/${id}/checks`)).status).toBe(404);
    await addDatabase(world, caller.id, { name: 'short-lived' });
  });

  it('leaves nothing that is taken for a foreign key, and nothing to be a replica of', async () => {
    const id = await addDatabase(world, caller.id);
    expect((await remove(id)).status).toBe(204);
    await world.db
      .updateTable('databases')
      .set({ ssh_key_sealed: Buffer.alloc(0) })
      .where('deleted_at', 'is not', null)
      .execute();
    const others = await world.db.selectFrom('databases').select('id').where('deleted_at', 'is', null).execute();
    await world.db
      .updateTable('databases')
      .set({ deleted_at: new Date(), ssh_key_sealed: Buffer.alloc(0) })
      .where('deleted_at', 'is', null)
      .execute();
    await requireOwnKey(world.db, world.sealer);
    const ids = others.map((other) => other.id);
    await world.db.updateTable('databases').set({ deleted_at: null }).where('id', 'in', ids).execute();
    await expect(requireOwnKey(world.db, world.sealer)).rejects.toThrow('not the one of this catalogue');
    const replica = { name: 'r', engine: 'postgresql', host: 'h', sshUser: 'u', sshPrivateKey: privateKey, role: 'replica', primaryId: id };
    expect((await caller.ask('POST', '/databases', replica)).body).toMatchObject({ errors: [{ path: 'primaryId' }] });
    await expect(updateDatabase(world.db, id, { host: 'h' })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('of a replica waits for what runs on its primary', async () => {
    const primaryId = await addDatabase(world, caller.id);
    const id = await addDatabase(world, caller.id, { primaryId });
    const taskId = randomUUID();
    await insertTask(world.db, { id: taskId, kind: 'backup', owner_id: caller.id, database_id: primaryId });
    expect((await remove(id)).body).toMatchObject({ code: 'database-busy' });
    await endTask(world.db, taskId, { status: 'completed' });
    expect((await remove(id)).status).toBe(204);
  });
});
