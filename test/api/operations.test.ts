import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { secretKeyPlace } from '#db/policies.ts';
import { sshKeyPlace } from '#db/databases.ts';
import type { StoreAddress } from '#activities/stores/port.ts';
import { createSshKey } from '#lab/ssh-key.ts';
import type { Versitygw } from '../versitygw.ts';
import { addAttached, addBackup, addDatabase, addOldBackup, privateKey } from './fixtures.ts';
import { policyBecomes, taskEnded } from './waiting.ts';
import { type SilentHost, startSilentHost } from './silent-host.ts';
import { type LiveWorld, startLiveWorld } from './live-world.ts';
import type { Answer, ApiWorld, Caller } from './world.ts';

/* The real API, Temporal, worker, workflows and S3 server; of database hosts there is one that answers nothing. */
let live: LiveWorld;
let world: ApiWorld;
let s3: Versitygw;
let caller: Caller;
let silent: SilentHost;
beforeAll(async () => {
  [live, silent] = await Promise.all([startLiveWorld(), startSilentHost()]);
  ({ world, s3, caller } = live);
});
afterAll(async () => {
  await silent.stop();
  await live.stop();
});

describe('while no worker runs', () => {
  it('the API creates what only has to be started, and says of the rest that nobody knows yet', async () => {
    const policy = await createPolicy('early');
    expect(policy.status).toBe(201);
    const databaseId = await addDatabase(world, caller.id);
    const answer = await caller.ask('POST', `/policies/${policy.id}/attachments`, { databaseId });
    expect(answer.body).toMatchObject({ status: 503, code: 'temporal-unavailable' });
    const [task] = await listTasks(databaseId);
    expect(task).toMatchObject({ kind: 'attach', status: 'queued' });
    expect(answer.body['detail']).toContain(task?.['id']);
  });
});

describe('with a worker', () => {
  beforeAll(() => live.startWorkers());

  it('a database is registered and checked; the task tells what was wrong', async () => {
    const created = await caller.ask('POST', '/databases', {
      name: 'orders',
      engine: 'postgresql',
      host: '127.0.0.1',
      sshPort: 1,
      sshUser: 'admin',
      sshPrivateKey: privateKey.replaceAll('\n', '\r\n'),
    });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name: 'orders',
      port: 5432,
      status: 'checking',
      role: 'primary',
      hostKeyFingerprint: null,
      attachment: null,
    });
    const task = await taskEnded(caller, String(created.body['taskId']));
    expect(task).toMatchObject({
      kind: 'check',
      status: 'failed',
      databaseId: created.id,
      error: { hint: expect.stringMatching(/\w/) },
    });
    const row = await world.db.selectFrom('databases').selectAll().where('id', '=', created.id).executeTakeFirstOrThrow();
    expect(world.sealer.open(row.ssh_key_sealed, sshKeyPlace(row.id)).toString()).toBe(privateKey);
    expect(
      (await caller.ask('POST', '/databases', { name: 'orders', engine: 'mysql', host: 'h', sshUser: 'u', sshPrivateKey: privateKey }))
        .body,
    ).toMatchObject({ status: 409, code: 'already-exists' });
  });

  it('a check that runs already is not begun twice', async () => {
    const { id, body, headers } = await silentDatabase();
    expect(await memoOf(`check-${id}`)).toEqual({ taskId: body['taskId'], requestId: headers.get('x-request-id') });
    const again = await caller.ask('POST', `/databases/${id}/checks`);
    expect(again.body).toMatchObject({ status: 409, code: 'database-busy' });
    expect(await listTasks(id)).toHaveLength(1);
    silent.hangUp();
    await taskEnded(caller, String(body['taskId']));
  });

  it('Test Connection answers step by step, before and after saving', async () => {
    const { accessKey, secretKey } = await s3.createUser('reader');
    await s3.grantAllBut('backups', { accessKey, secretKey }, ['s3:PutObject']);
    const before = await caller.ask('POST', '/store-tests', s3.address('backups', { accessKey, secretKey }));
    expect(before.status).toBe(200);
    expect(before.body).toMatchObject({ ok: false });
    const put = (before.body['steps'] as { name: string }[]).find(({ name }) => name === 'put');
    expect(put).toMatchObject({ ok: false, code: 'store-permission-missing', hint: expect.any(String) });
    const policy = await createPolicy('tested');
    await policyBecomes(caller, policy.id, 'active');
    await world.db.updateTable('policies').set({ credentials_verified_at: null }).where('id', '=', policy.id).execute();
    expect((await caller.ask('POST', `/policies/${policy.id}/store-tests`)).body).toMatchObject({ ok: true });
    const { body } = await caller.ask('GET', `/policies/${policy.id}`);
    expect(Date.parse(String(body['credentialsVerifiedAt']))).toBeGreaterThan(Date.now() - 60_000);
  });

  it('a policy whose store is good again goes on after Test Connection', async () => {
    const { accessKey, secretKey } = await s3.createUser('writer');
    await s3.grantAllBut('backups', { accessKey, secretKey }, ['s3:PutObject']);
    const policy = await createPolicy('good again', { accessKey, secretKey });
    await policyBecomes(caller, policy.id, 'error');
    await s3.grantAllBut('backups', { accessKey, secretKey }, []);
    expect((await caller.ask('POST', `/policies/${policy.id}/store-tests`)).body).toMatchObject({ ok: true });
    await policyBecomes(caller, policy.id, 'active');
  });

  it('a policy with a wrong key shows the error, refuses to attach, and is mended by an edit', async () => {
    const policy = await createPolicy('mended', { secretKey: 'wrong-secret-canary' });
    const { lastError } = await policyBecomes(caller, policy.id, 'error');
    expect(lastError).toMatch(/\w/);
    const databaseId = await addDatabase(world, caller.id);
    const refused = await caller.ask('POST', `/policies/${policy.id}/attachments`, { databaseId });
    expect(refused.body).toMatchObject({ status: 409, code: 'policy-not-ready' });
    expect(await listTasks(databaseId)).toEqual([]);
    const { secretKey } = s3.address('backups');
    const edited = await caller.ask('PATCH', `/policies/${policy.id}`, {
      secretKey,
      schedule: { fullTime: '03:30', incrementalHours: 1 },
    });
    expect(edited.status).toBe(200);
    expect(edited.body).toMatchObject({
      status: 'validating',
      schedule: { fullTime: '03:30', incrementalHours: 1, fullFrequency: 'daily' },
    });
    expect(edited.body['nextSlots']).toHaveLength(5);
    const row = await world.db.selectFrom('policies').selectAll().where('id', '=', policy.id).executeTakeFirstOrThrow();
    expect(world.sealer.open(row.secret_key_sealed, secretKeyPlace(row.id)).toString()).toBe(secretKey);
    await policyBecomes(caller, policy.id, 'active');
  });

  it('resetting the failures clears the count and probes the store; nobody else can', async () => {
    const policy = await createPolicy('reset');
    await policyBecomes(caller, policy.id, 'active');
    await world.db
      .updateTable('policies')
      .set({ status: 'paused', consecutive_failures: 3, last_error: 'orders: disk full' })
      .where('id', '=', policy.id)
      .execute();
    const stranger = await world.addCaller();
    expect((await stranger.ask('POST', `/policies/${policy.id}/failure-resets`)).status).toBe(404);
    const reset = await caller.ask('POST', `/policies/${policy.id}/failure-resets`);
    expect([reset.status, reset.body]).toMatchObject([200, { status: 'validating', consecutiveFailures: 0, lastError: null }]);
    await policyBecomes(caller, policy.id, 'active');
    const audited = await world.db.selectFrom('audit_rows').selectAll().where('action', '=', 'resetFailures').execute();
    expect(audited).toMatchObject([
      { subject: `policy:${policy.id}`, actor_id: caller.id, outcome: 'begun' },
      { subject: `policy:${policy.id}`, actor_id: caller.id, outcome: 'done' },
    ]);
  });

  it('attaching begins once; while it runs, everything else is refused as busy and leaves no task', async () => {
    const policy = await createPolicy('busy');
    await policyBecomes(caller, policy.id, 'active');
    const { id: databaseId, body: database } = await silentDatabase();
    silent.hangUp();
    await taskEnded(caller, String(database['taskId']));
    const { publicKey: host_key, privateKey: key } = await createSshKey();
    const ssh_key_sealed = world.sealer.seal(key, sshKeyPlace(databaseId));
    await world.db.updateTable('databases').set({ status: 'active', host_key, ssh_key_sealed }).where('id', '=', databaseId).execute();
    silent.hold(); // so that the attachment does not end
    const path = `/policies/${policy.id}/attachments`;
    const attempts = await Promise.all(Array.from({ length: 10 }, () => caller.ask('POST', path, { databaseId })));
    expect(attempts.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(attempts.filter(({ status }) => status === 409)).toHaveLength(9);
    const begun = attempts.find(({ status }) => status === 202) as Answer;
    expect(begun.body).toMatchObject({ kind: 'attach', databaseId, policyId: policy.id, requestId: begun.headers.get('x-request-id') });
    await vi.waitFor(
      async () => expect((await caller.ask('GET', `/databases/${databaseId}`)).body['attachment']).toMatchObject({ policyName: 'busy' }),
      10_000,
    );
    expect(await memoOf(`database-${databaseId}`)).toEqual({ taskId: begun.id, requestId: begun.headers.get('x-request-id') });
    const backupId = await addOldBackup(world.db, databaseId, policy.id);
    const busy = [
      await caller.ask('POST', `/databases/${databaseId}/backups`),
      await caller.ask('DELETE', `${path}/${databaseId}`),
      await caller.ask('POST', `/databases/${databaseId}/restores`, { backupId, confirmName: database['name'] }),
    ];
    for (const { body } of busy)
      expect(body).toMatchObject({ status: 409, code: 'database-busy', detail: expect.stringContaining('attach') });
    expect((await listTasks(databaseId)).map(({ kind }) => kind)).toEqual(['attach', 'check']);
    expect(await world.db.selectFrom('restores').selectAll().execute()).toEqual([]);
    await world.temporal.workflow.getHandle(`database-${databaseId}`).terminate('enough');
    silent.hangUp();
  });

  it('a policy whose workflow is gone gets a new one', async () => {
    const of = await addAttached(world, caller.id);
    const { endpoint, caPem, prefix, accessKey: access_key, secretKey } = s3.address('backups');
    const secret_key_sealed = world.sealer.seal(secretKey, secretKeyPlace(of.policyId));
    await world.db
      .updateTable('policies')
      .set({ endpoint, ca_pem: caPem ?? null, prefix, access_key, secret_key_sealed })
      .where('id', '=', of.policyId)
      .execute();
    const refused = await caller.ask('POST', `/databases/${of.databaseId}/backups`);
    expect(refused.body).toMatchObject({ status: 409, code: 'policy-not-ready' });
    await policyBecomes(caller, of.policyId, 'active');
    const accepted = await caller.ask('POST', `/databases/${of.databaseId}/backups`);
    expect(accepted.body).toMatchObject({ status: expect.any(String), kind: 'backup', databaseId: of.databaseId });
    expect(accepted.status).toBe(202);
  });

  it('a restore answers with its row and its task, which fails visibly when the host is not there', async () => {
    const policy = await createPolicy('restored');
    await policyBecomes(caller, policy.id, 'active');
    const of = await addAttached(world, caller.id, { policyId: policy.id });
    const backupId = await addBackup(world.db, of);
    await world.temporal.workflow.getHandle(`policy-${of.policyId}`).terminate('so that it reads its attachments again');
    await caller.ask('PATCH', `/policies/${of.policyId}`, { name: 'restored' });
    await policyBecomes(caller, of.policyId, 'active');
    const { body: database } = await caller.ask('GET', `/databases/${of.databaseId}`);
    const answer = await caller.ask('POST', `/databases/${of.databaseId}/restores`, { backupId, confirmName: database['name'] });
    expect(answer.status).toBe(202);
    const { restore, taskId } = answer.body as { restore: { id: string }; taskId: string };
    expect(restore).toMatchObject({ databaseId: of.databaseId, policyId: of.policyId, backupId, target: null, taskId });
    expect((await caller.ask('GET', `/restores/${restore.id}`)).body).toMatchObject({ id: restore.id, taskId });
    expect((await caller.ask('GET', `/tasks/${taskId}`)).body).toMatchObject({
      kind: 'restore',
      restoreId: restore.id,
      databaseId: of.databaseId,
    });
  });

  it('is ready', async () => {
    expect((await world.anonymous.ask('GET', '/readyz')).body).toEqual({ status: 'ready', catalogue: 'ok', temporal: 'ok' });
  });

  it('every privileged act has been recorded before', async () => {
    const rows = await world.db.selectFrom('audit_rows').selectAll().execute();
    expect(new Set(rows.map(({ action }) => action))).toEqual(
      new Set([
        'createPolicy',
        'attachDatabase',
        'createDatabase',
        'checkDatabase',
        'testStore',
        'testPolicyStore',
        'editPolicy',
        'createBackup',
        'detachDatabase',
        'createRestore',
        'resetFailures',
      ]),
    );
    expect(rows.every(({ actor_id, remote_address }) => actor_id === caller.id && remote_address !== null)).toBe(true);
  });

  it('no secret is in any answer, log line, audit row, or Temporal history', async () => {
    const secrets = [
      s3.address('backups').secretKey,
      'reader-secret-canary',
      'wrong-secret-canary',
      'canary-ssh-key-91bc',
      'canary-secret-key-7f3a',
    ];
    const audit = await world.db.selectFrom('audit_rows').selectAll().execute();
    const histories: string[] = [];
    for await (const { workflowId, runId } of world.temporal.workflow.list()) {
      const history = await world.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
      histories.push(JSON.stringify(history).replaceAll(/"data":"([^"]*)"/g, (_, data: string) => Buffer.from(data, 'base64').toString()));
    }
    expect(histories.length).toBeGreaterThan(8);
    expect(histories.join().includes('policyId'), 'payloads are readable').toBe(true);
    const everything = [...world.heard, JSON.stringify(audit), ...histories].join('\n');
    for (const secret of secrets) expect(everything.includes(secret), secret).toBe(false);
  });
});

async function createPolicy(name: string, keys: Partial<StoreAddress> = {}): Promise<Answer> {
  return caller.ask('POST', '/policies', { name, store: s3.address('backups', keys), pitrEnabled: true });
}

async function listTasks(databaseId: string): Promise<Record<string, unknown>[]> {
  return (await caller.ask('GET', `/tasks?databaseId=${databaseId}`)).body['items'] as Record<string, unknown>[];
}

/** What a workflow says of who asked for it. */
async function memoOf(workflowId: string): Promise<unknown> {
  return (await world.temporal.workflow.getHandle(workflowId).describe()).memo;
}

async function silentDatabase(): Promise<Answer> {
  const name = `silent-${silent.port}-${Date.now()}`;
  silent.hold();
  return caller.ask('POST', '/databases', {
    name,
    engine: 'postgresql',
    host: '127.0.0.1',
    sshPort: silent.port,
    sshUser: 'admin',
    sshPrivateKey: privateKey,
  });
}
