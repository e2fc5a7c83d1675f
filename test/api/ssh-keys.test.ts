import { randomUUID } from 'node:crypto';
import { utils } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeUnusedKeys } from '#api/ssh-keys.ts';
import { findDatabase, sshKeyPlace } from '#db/databases.ts';
import { findSshKey, privateKeyPlace } from '#db/ssh-keys.ts';
import { endTask } from '#db/tasks.ts';
import { addDatabase, addSshKey, privateKey } from './fixtures.ts';
import { type LiveWorld, startLiveWorld } from './live-world.ts';
import type { ApiWorld, Caller } from './world.ts';

let live: LiveWorld;
let world: ApiWorld;
let caller: Caller;
beforeAll(async () => {
  live = await startLiveWorld();
  ({ world, caller } = live);
});
afterAll(() => live.stop());

describe('a key pair that Tidemark makes', () => {
  it('shows its public half, and its private half to nobody', async () => {
    const made = await caller.ask('POST', '/ssh-keys');
    expect(made).toMatchObject({ status: 201, body: { id: made.id } });
    expect(Object.keys(made.body).toSorted()).toEqual(['createdAt', 'fingerprint', 'id', 'publicKey']);
    expect(made.body['publicKey']).toMatch(/^ssh-ed25519 [A-Za-z0-9+/=]{68} tidemark$/);
    expect((await caller.ask('GET', `/ssh-keys/${made.id}`)).body).toEqual(made.body);
    const opened = await openKey(made.id);
    const key = utils.parseKey(opened);
    if (key instanceof Error) throw key;
    expect(made.body['publicKey']).toContain(` ${key.getPublicSSH().toString('base64')} `);
    const audit = await world.db.selectFrom('audit_rows').selectAll().where('subject', '=', `ssh-key:${made.id}`).execute();
    expect(audit.map(({ outcome }) => outcome)).toEqual(['begun', 'done']);
    const line = opened.split('\n')[3] ?? '';
    expect(line).toHaveLength(70);
    expect(JSON.stringify([audit, world.heard])).not.toContain(line);
  });

  it('logs in to several databases of one owner, each with a copy of its own', async () => {
    const { id: sshKeyId } = await caller.ask('POST', '/ssh-keys', {});
    for (const name of ['orders', 'invoices']) {
      const created = await caller.ask('POST', '/databases', database({ name, sshKeyId }));
      expect(created).toMatchObject({ status: 201, body: { sshKeyId } });
      expect(await loginOf(created.id)).toBe(await openKey(sshKeyId));
    }
  });

  it('takes the place of a key that was brought along, and gives it back', async () => {
    const { id: sshKeyId } = await caller.ask('POST', '/ssh-keys');
    const id = await addDatabase(world, caller.id);
    const edited = await caller.ask('PATCH', `/databases/${id}`, { sshKeyId });
    expect(edited.body).toMatchObject({ sshKeyId, status: 'checking' });
    expect(await loginOf(id)).toBe(await openKey(sshKeyId));
    await endTask(world.db, String(edited.body['taskId']), { status: 'completed' });
    await world.temporal.workflow.getHandle(`check-${id}`).terminate();
    expect((await caller.ask('PATCH', `/databases/${id}`, { sshPrivateKey: privateKey })).body).toMatchObject({ sshKeyId: null });
    expect(await loginOf(id)).toBe(privateKey);
  });

  it("is used for its owner's databases alone, also by an admin", async () => {
    const [other, admin] = [await world.addCaller(), await world.addCaller('admin')];
    expect((await caller.ask('POST', '/ssh-keys', { ownerId: other.id })).body).toMatchObject({ status: 403 });
    const { id: sshKeyId } = await admin.ask('POST', '/ssh-keys', { ownerId: other.id });
    expect((await other.ask('GET', `/ssh-keys/${sshKeyId}`)).status).toBe(200);
    const refused = { status: 400, errors: [{ in: 'body', path: 'sshKeyId', message: `there is no SSH key ${sshKeyId}` }] };
    for (const asking of [caller, admin]) {
      expect((await asking.ask('POST', '/databases', database({ sshKeyId }))).body).toMatchObject(refused);
    }
    const mine = await addDatabase(world, caller.id);
    expect((await caller.ask('PATCH', `/databases/${mine}`, { sshKeyId })).body).toMatchObject(refused);
    expect((await admin.ask('PATCH', `/databases/${mine}`, { sshKeyId })).body).toMatchObject(refused);
    expect((await admin.ask('POST', '/databases', database({ sshKeyId, ownerId: other.id }))).status).toBe(201);
  });

  it('or a key that was brought along is needed, and never both', async () => {
    const sshKeyId = randomUUID();
    const complaint = async (body: object) => (await caller.ask('POST', '/databases', database(body))).body['errors'];
    expect(await complaint({})).toMatchObject([{ path: 'sshPrivateKey', message: 'is needed, or sshKeyId in its place' }]);
    expect(await complaint({ sshKeyId, sshPrivateKey: privateKey })).toMatchObject([{ path: 'sshKeyId' }]);
    expect(await complaint({ sshKeyId: 'mine' })).toMatchObject([{ path: 'sshKeyId' }]);
    const id = await addDatabase(world, caller.id);
    const both = await caller.ask('PATCH', `/databases/${id}`, { sshKeyId, sshPrivateKey: privateKey });
    expect(both.body).toMatchObject({ status: 400, errors: [{ path: 'sshKeyId' }] });
  });

  it('is removed a week after it was made where no database uses it', async () => {
    const [young, old, used] = [
      await addSshKey(world, caller.id, 6),
      await addSshKey(world, caller.id, 8),
      await addSshKey(world, caller.id, 8),
    ];
    const { id, body } = await caller.ask('POST', '/databases', database({ sshKeyId: used }));
    const stay = async () => Promise.all([young, old, used].map(async (key) => (await findSshKey(world.db, key)) !== undefined));
    await removeUnusedKeys(world.deps);
    expect(await stay()).toEqual([true, false, true]);
    await endTask(world.db, String(body['taskId']), { status: 'completed' });
    await caller.ask('POST', `/databases/${id}/deletions`, { confirmName: body['name'] });
    await removeUnusedKeys(world.deps);
    expect(await stay()).toEqual([true, false, false]);
  });
});

function database(more: object): object {
  return { name: `n-${randomUUID()}`, engine: 'postgresql', host: 'db.example.com', sshUser: 'admin', ...more };
}

async function openKey(id: string): Promise<string> {
  const row = await findSshKey(world.db, id);
  return world.sealer.open(row?.private_key_sealed ?? Buffer.alloc(0), privateKeyPlace(id)).toString();
}

async function loginOf(databaseId: string): Promise<string> {
  const row = await findDatabase(world.db, databaseId);
  return world.sealer.open(row?.ssh_key_sealed ?? Buffer.alloc(0), sshKeyPlace(databaseId)).toString();
}
