import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server as SshServer, utils } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDatabase, sshKeyPlace, updateDatabase } from '#db/databases.ts';
import { readHistories } from '../temporal-histories.ts';
import { addDatabase, addSshKey, canaries, privateKey } from './fixtures.ts';
import { type LiveWorld, startLiveWorld } from './live-world.ts';
import { startSilentHost } from './silent-host.ts';
import { taskEnded } from './waiting.ts';
import type { ApiWorld, Caller } from './world.ts';

/* The way through API, Temporal and worker; what each step finds on real machines is tested beside the prober. */
let live: LiveWorld;
let world: ApiWorld;
let caller: Caller;
/** Shows its key, and lets nobody in. */
let closed: SshServer;
let hostKey: string;
let sshPort: number;
beforeAll(async () => {
  const { private: key, public: publicKey } = utils.generateKeyPairSync('rsa', { bits: 2048 });
  hostKey = publicKey;
  closed = new SshServer({ hostKeys: [key] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => context.reject());
  });
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  sshPort = (closed.address() as AddressInfo).port;
  live = await startLiveWorld();
  ({ world, caller } = live);
  await live.startWorkers();
});
afterAll(async () => {
  closed.close();
  await live.stop();
});

describe('Test Connection before a database is saved', () => {
  it('scans the host key, holds the host against it, and goes on with a key that Tidemark made', async () => {
    const scan = await test({});
    expect(scan).toMatchObject({ status: 200, body: { ok: true, hostKey, version: null } });
    expect(failedStep(scan.body)).toBeUndefined();
    const { id: sshKeyId } = await caller.ask('POST', '/ssh-keys');
    const refused = await test({ sshKeyId, hostKey });
    expect(failedStep(refused.body)).toMatchObject({
      name: 'login',
      code: 'host-login-refused',
      hint: expect.stringMatching(/authorized_keys/),
    });
    const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ9SlaGqHhHmbBVfXQmDQKkOK9ofDmGFQF5TTJPY7lqm';
    expect(failedStep((await test({ sshKeyId, hostKey: other })).body)).toMatchObject({ name: 'host-key', code: 'host-key-changed' });
    expect((await world.db.selectFrom('databases').select('id').execute()).length).toBe(0);
  });

  it('is had five times at once and no more, for each keeps a worker busy', async () => {
    const [silent, impatient] = [await startSilentHost(), await world.addCaller()];
    const ask = (who: Caller) =>
      who.ask('POST', '/database-tests', { engine: 'postgresql', host: '127.0.0.1', sshUser: 'root', sshPort: silent.port });
    const answers = Array.from({ length: 7 }, () => ask(impatient));
    // the refused are answered first
    expect((await Promise.race(answers)).body).toMatchObject({ status: 429, code: 'too-many-attempts' });
    silent.hangUp();
    expect((await Promise.all(answers)).map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect(await ask(impatient)).toMatchObject({ status: 200 });
    await silent.stop();
  });

  it("refuses another's key, two keys, and what is no address, naming the field", async () => {
    const sshKeyId = await addSshKey(world, (await world.addCaller()).id);
    expect((await test({ sshKeyId })).body).toMatchObject({ status: 400, errors: [{ path: 'sshKeyId' }] });
    const own = await addSshKey(world, caller.id);
    expect((await test({ sshKeyId: own, sshPrivateKey: privateKey })).body).toMatchObject({ status: 400, errors: [{ path: 'sshKeyId' }] });
    expect((await test({ host: 'a b' })).body).toMatchObject({ status: 400, errors: [{ path: 'host' }] });
    expect((await test({ sshPrivateKey: 'no key' })).body).toMatchObject({ status: 400, errors: [{ path: 'sshPrivateKey' }] });
  });

  it('is audited before, and its key is in no answer, log line, audit row or Temporal history', async () => {
    expect(failedStep((await test({ sshPrivateKey: privateKey })).body)).toMatchObject({ name: 'login' });
    const audit = await world.db.selectFrom('audit_rows').selectAll().where('action', '=', 'testDatabase').orderBy('id').execute();
    expect(audit.at(-2)).toMatchObject({ subject: `host:127.0.0.1:${sshPort}`, actor_id: caller.id, outcome: 'begun' });
    const histories = await readHistories(live.temporal.address);
    expect(histories).toContain('probeUnsavedDatabase');
    for (const text of [JSON.stringify(audit), histories, ...world.heard]) expect(text).not.toContain(canaries.sshKey);
  });
});

describe('Test Connection of a saved database', () => {
  it('uses what is saved, and leaves status and host key alone', async () => {
    const id = await savedDatabase(sshPort);
    const answer = await caller.ask('POST', `/databases/${id}/connection-tests`);
    expect(answer).toMatchObject({ status: 200, body: { ok: false, hostKey } });
    expect(failedStep(answer.body)).toMatchObject({ name: 'login' });
    expect(await findDatabase(world.db, id)).toMatchObject({ status: 'active', host_key: null });
  });

  it('finds what its check finds, which says at which step, and pins the key that was shown', async () => {
    const id = await savedDatabase(sshPort);
    const { id: taskId } = await caller.ask('POST', `/databases/${id}/checks`);
    const task = await taskEnded(caller, taskId);
    const step = failedStep((await caller.ask('POST', `/databases/${id}/connection-tests`)).body);
    expect(task['error']).toMatchObject({ code: step?.['code'], message: `step login: ${String(step?.['message'])}` });
    const { body } = await caller.ask('GET', `/databases/${id}`);
    expect(body).toMatchObject({ status: 'error', statusMessage: `step login: ${String(step?.['message'])}` });
    expect(await findDatabase(world.db, id)).toMatchObject({ host_key: hostKey });
  });

  it("gets no word of a stranger's server into an answer, a task's error or a status", async () => {
    const stranger = createServer((_request, response) => response.end('intranet-canary')).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    expect(failedStep((await test({ sshPort: port })).body)).toMatchObject({ name: 'host-key', code: 'host-unreachable' });
    const id = await savedDatabase(port);
    const { id: taskId } = await caller.ask('POST', `/databases/${id}/checks`);
    await taskEnded(caller, taskId);
    const database = await caller.ask('GET', `/databases/${id}`);
    expect(database.body).toMatchObject({ status: 'error', statusMessage: expect.stringMatching(/^step host-key: /) });
    for (const text of world.heard) expect(text).not.toContain('intranet-canary');
    stranger.close();
  });
});

function test(more: object) {
  return caller.ask('POST', '/database-tests', { engine: 'postgresql', host: '127.0.0.1', sshPort, sshUser: 'admin', ...more });
}

function failedStep(report: Record<string, unknown>): Record<string, unknown> | undefined {
  return (report['steps'] as Record<string, unknown>[]).find(({ ok }) => ok === false);
}

async function savedDatabase(port: number): Promise<string> {
  const id = await addDatabase(world, caller.id);
  const key = utils.generateKeyPairSync('rsa', { bits: 2048 }).private;
  const ssh_key_sealed = world.sealer.seal(key, sshKeyPlace(id));
  await updateDatabase(world.db, id, { host: '127.0.0.1', ssh_port: port, host_key: null, ssh_key_sealed });
  return id;
}
