import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createNetworkGuard } from '#activities/stores/networks.ts';
import { openStore } from '#activities/stores/s3.ts';
import { attachDatabase, beginGeneration, deleteAttachment } from '#db/attachments.ts';
import { generationKey, identityKey, policyWorkflowId } from '#domain/names.ts';
import { type RunningWorkers, startWorkers } from '#worker/create-worker.ts';
import { ensureSearchAttributes } from '#worker/search-attributes.ts';
import { startVersitygw, type Versitygw } from '../versitygw.ts';
import { addAttached, addBackup, addDatabase, addLogs } from './fixtures.ts';
import { startTestTemporal, type TestTemporal } from './temporal.ts';
import { policyBecomes, taskEnded } from './waiting.ts';
import { type Answer, type ApiWorld, type Caller, startApiWorld } from './world.ts';

let temporal: TestTemporal;
let world: ApiWorld;
let s3: Versitygw;
let workers: RunningWorkers;
let connection: NativeConnection;
let caller: Caller;
const guard = createNetworkGuard({ allowed: ['127.0.0.0/8'] });
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  [temporal, s3] = await Promise.all([startTestTemporal(), startVersitygw()]);
  world = await startApiWorld({ temporalAddress: temporal.address });
  caller = await world.addCaller();
  await s3.createBucket('backups');
  connection = await NativeConnection.connect({ address: temporal.address });
  workers = await startWorkers({ db: world.db, sealer: world.sealer, guard }, { connection, namespace: 'default', transfers: 2 });
});
afterAll(async () => {
  await workers.stop();
  await connection.close();
  await world.stop();
  await Promise.all([temporal.stop(), s3.stop()]);
});

/** A policy whose store is good, with one backup of a database that is no longer attached to it, and three objects in its bucket. */
async function policyWithBackup(
  name: string,
): Promise<{ policy: Answer; databaseId: string; backupId: string; keys: () => Promise<string[]> }> {
  const policy = await caller.ask('POST', '/policies', { name, store: s3.address('backups'), pitrEnabled: true });
  expect(policy.status).toBe(201);
  await policyBecomes(caller, policy.id, 'active');
  const databaseId = await addDatabase(world, caller.id);
  await attachDatabase(world.db, databaseId, policy.id);
  await beginGeneration(world.db, { database_id: databaseId, number: 1, policy_id: policy.id, encrypted: true, reason: 'attached' });
  const backupId = await addBackup(world.db, { databaseId, policyId: policy.id });
  await addLogs(world.db, databaseId, 1, 1, [Date.now()]);
  await deleteAttachment(world.db, databaseId, policy.id);
  const store = openStore(s3.address('backups'), { guard });
  const folder = `${generationKey(databaseId, 1)}/`;
  for (const key of [`${folder}backups/${backupId}/manifest.json`, `${folder}logs/1`, identityKey(databaseId)])
    await store.put(key, Buffer.from('{}'));
  const keys = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { key } of store.list(`${databaseId}/`)) found.push(key);
    return found;
  };
  return { policy, databaseId, backupId, keys };
}

it('a storage location stays while backups lie there; keys, CA and everything else can be changed', async () => {
  const { policy } = await policyWithBackup('moving');
  const moved = await caller.ask('PATCH', `/policies/${policy.id}`, { store: { bucket: 'elsewhere' } });
  expect(moved.body).toMatchObject({
    status: 409,
    code: 'storage-in-use',
    detail: expect.stringMatching(/1 backups lie at .*\/backups\//),
  });
  const { caPem } = s3.address('backups');
  const kept = await caller.ask('PATCH', `/policies/${policy.id}`, { store: { bucket: 'backups', caPem }, logArchiveMinutes: 10 });
  expect(kept.body).toMatchObject({ logArchiveMinutes: 10, store: { bucket: 'backups', caPem } });
  await policyBecomes(caller, policy.id, 'active');
  const fresh = await caller.ask('POST', '/policies', { name: 'fresh', store: s3.address('nowhere') });
  expect((await caller.ask('PATCH', `/policies/${fresh.id}`, { store: { bucket: 'backups' } })).body).toMatchObject({
    store: { bucket: 'backups' },
  });
  await policyBecomes(caller, fresh.id, 'active');
});

it('a policy with databases is not deleted, nor one whose name was not typed', async () => {
  const { databaseId, policyId } = await addAttached(world, caller.id);
  const { body } = await caller.ask('GET', `/policies/${policyId}`);
  const unnamed = await caller.ask('POST', `/policies/${policyId}/deletions`, { confirmName: 'another', backups: 'keep' });
  expect(unnamed.body).toMatchObject({ status: 400, code: 'invalid-request' });
  const used = await caller.ask('POST', `/policies/${policyId}/deletions`, { confirmName: body['name'], backups: 'delete' });
  const database = await caller.ask('GET', `/databases/${databaseId}`);
  expect(used.body).toMatchObject({ status: 409, code: 'policy-in-use', detail: expect.stringContaining(String(database.body['name'])) });
  expect((await caller.ask('GET', `/policies/${policyId}`)).status).toBe(200);
});

it('a deleted policy is gone, its workflow ended, its name free; its backups stay when told so', async () => {
  const { policy, databaseId, backupId, keys } = await policyWithBackup('kept');
  const deletion = await caller.ask('POST', `/policies/${policy.id}/deletions`, { confirmName: 'kept', backups: 'keep' });
  expect(deletion.body).toMatchObject({ kind: 'delete', status: 'completed' });
  expect((await caller.ask('GET', `/policies/${policy.id}`)).status).toBe(404);
  expect((await caller.ask('POST', `/policies/${policy.id}/attachments`, { databaseId })).status).toBe(404);
  await world.temporal.workflow.getHandle(policyWorkflowId(policy.id)).result();
  const { body } = await caller.ask('GET', `/databases/${databaseId}/backups`);
  expect(body['items']).toMatchObject([{ id: backupId, status: 'completed' }]);
  expect(await keys()).toHaveLength(3);
  expect((await caller.ask('POST', '/policies', { name: 'kept', store: s3.address('backups') })).status).toBe(201);
  await expect(attachDatabase(world.db, databaseId, policy.id)).rejects.toMatchObject({ code: 'not-found' });
});

it('its backups are removed from bucket and catalogue when told so', async () => {
  const { policy, databaseId, keys } = await policyWithBackup('removed');
  expect(await keys()).toHaveLength(3);
  const deletion = await caller.ask('POST', `/policies/${policy.id}/deletions`, { confirmName: 'removed', backups: 'delete' });
  expect(await taskEnded(caller, deletion.id)).toMatchObject({ status: 'completed' });
  expect(await keys()).toEqual([]);
  const { body } = await caller.ask('GET', `/databases/${databaseId}/backups`);
  expect(body['items']).toMatchObject([{ status: 'deleted' }]);
  expect((await caller.ask('GET', `/databases/${databaseId}/recovery-window`)).body).toMatchObject({ intervals: [] });
});

it('operators find policies by status, owner and failures', async () => {
  const policy = await caller.ask('POST', '/policies', { name: 'found', store: s3.address('backups') });
  const broken = await caller.ask('POST', '/policies', { name: 'broken', store: s3.address('nowhere') });
  const find = async (query: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const { workflowId } of world.temporal.workflow.list({ query })) found.push(workflowId);
    return found;
  };
  const owned = `TidemarkOwner = '${caller.id}' and TidemarkFailures = 0 and TidemarkStatus`;
  await vi.waitFor(
    async () => {
      expect(await find(`${owned} = 'active'`)).toContain(policyWorkflowId(policy.id));
      expect(await find(`${owned} = 'error'`)).toEqual([policyWorkflowId(broken.id)]);
    },
    { timeout: 20_000, interval: 200 },
  );
  await expect(ensureSearchAttributes(connection, 'default')).resolves.toBeUndefined();
  await expect(ensureSearchAttributes(connection, 'no-such-namespace')).rejects.toThrow(/no-such-namespace/);
});

it('Retry PITR Configuration is refused where the database has no policy', async () => {
  const databaseId = await addDatabase(world, caller.id);
  expect((await caller.ask('POST', `/databases/${databaseId}/pitr-retries`)).body).toMatchObject({ status: 409, code: 'not-attached' });
});
