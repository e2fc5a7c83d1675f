import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openStore } from '#activities/stores/s3.ts';
import { attachDatabase, beginGeneration, deleteAttachment } from '#db/attachments.ts';
import { secretKeyPlace, updatePolicy } from '#db/policies.ts';
import { endTask, insertTask } from '#db/tasks.ts';
import { deletionWorkflowId, generationKey, identityKey, policyWorkflowId } from '#domain/names.ts';
import { ensureSearchAttributes } from '#worker/search-attributes.ts';
import type { Versitygw } from '../versitygw.ts';
import { addAttached, addBackup, addDatabase, addLogs } from './fixtures.ts';
import { policyBecomes, taskEnded } from './waiting.ts';
import { type LiveWorld, startLiveWorld } from './live-world.ts';
import type { Answer, ApiWorld, Caller } from './world.ts';

let live: LiveWorld;
let world: ApiWorld;
let s3: Versitygw;
let caller: Caller;
beforeAll(async () => {
  live = await startLiveWorld();
  ({ world, s3, caller } = live);
  await live.startWorkers();
});
afterAll(() => live.stop());

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
  const store = openStore(s3.address('backups'), { guard: live.guard });
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
  const { policyId } = await addAttached(world, caller.id);
  const attached = await caller.ask('PATCH', `/policies/${policyId}`, { store: { prefix: 'elsewhere' } });
  expect(attached.body).toMatchObject({ status: 409, code: 'policy-in-use', detail: expect.stringContaining('orders-') });
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

it('what a deleted policy keeps is restored once the deletion was taken back', async () => {
  const { policy, databaseId, backupId } = await policyWithBackup('regretted');
  await caller.ask('POST', `/policies/${policy.id}/deletions`, { confirmName: 'regretted', backups: 'keep' });
  const { body: database } = await caller.ask('GET', `/databases/${databaseId}`);
  const restore = { backupId, confirmName: database['name'] };
  const undeletions = `/policies/${policy.id}/undeletions`;
  const refused = await caller.ask('POST', `/databases/${databaseId}/restores`, restore);
  expect(refused.body).toMatchObject({ status: 409, code: 'not-attached', detail: expect.stringContaining(undeletions) });
  const { id: usurper } = await caller.ask('POST', '/policies', { name: 'regretted', store: s3.address('backups') });
  expect((await caller.ask('POST', undeletions)).body).toMatchObject({ status: 409, code: 'already-exists' });
  await caller.ask('PATCH', `/policies/${usurper}`, { name: 'usurper' });
  expect((await caller.ask('POST', undeletions)).body).toMatchObject({ id: policy.id, status: 'validating' });
  await policyBecomes(caller, policy.id, 'active');
  expect((await caller.ask('POST', undeletions)).status).toBe(404);
  const description = await world.temporal.workflow.getHandle(policyWorkflowId(policy.id)).describe();
  expect(description.status.name).toBe('RUNNING');
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

it('a deletion that failed is asked for again, and is not taken back', async () => {
  const { policy, keys } = await policyWithBackup('stubborn');
  const deletion = { confirmName: 'stubborn', backups: 'delete' };
  const { accessKey, secretKey } = s3.address('backups');
  expect((await caller.ask('PATCH', `/policies/${policy.id}`, { secretKey: 'no-longer-good' })).status).toBe(200);
  await policyBecomes(caller, policy.id, 'error');
  const { id } = await caller.ask('POST', `/policies/${policy.id}/deletions`, deletion);
  expect((await caller.ask('POST', `/policies/${policy.id}/undeletions`)).body).toMatchObject({ status: 409, code: 'database-busy' });
  expect(await taskEnded(caller, id)).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(/\w/) } });
  expect((await caller.ask('POST', `/policies/${policy.id}/undeletions`)).body).toMatchObject({ status: 409, code: 'database-busy' });
  expect(await keys()).toHaveLength(3);
  const secret_key_sealed = world.sealer.seal(secretKey, secretKeyPlace(policy.id));
  await updatePolicy(world.db, policy.id, { access_key: accessKey, secret_key_sealed });
  const again = await caller.ask('POST', `/policies/${policy.id}/deletions`, deletion);
  expect(again.status).toBe(202);
  expect(await taskEnded(caller, again.id)).toMatchObject({ status: 'completed' });
  expect(await keys()).toEqual([]);
});

it('a deletion is begun while the one before is only just closing, and not while one is at work', async () => {
  const { policy } = await policyWithBackup('hasty');
  const deletion = { confirmName: 'hasty', backups: 'delete' };
  const id = randomUUID();
  await insertTask(world.db, { id, kind: 'delete', owner_id: caller.id, policy_id: policy.id });
  expect((await caller.ask('POST', `/policies/${policy.id}/deletions`, deletion)).body).toMatchObject({
    status: 409,
    code: 'database-busy',
    detail: 'backups of hasty are being deleted already',
  });
  await endTask(world.db, id, { status: 'failed' });
  const former = await world.temporal.workflow.start('deletePolicy', {
    workflowId: deletionWorkflowId(policy.id),
    taskQueue: 'nobody-works-here',
    args: [],
  });
  const [begun] = await Promise.all([
    caller.ask('POST', `/policies/${policy.id}/deletions`, deletion),
    sleep(1_000).then(() => former.terminate()),
  ]);
  expect(begun.status).toBe(202);
  expect(await taskEnded(caller, begun.id)).toMatchObject({ status: 'completed' });
});

it('operators find policies by status, owner and failures', async () => {
  const policy = await caller.ask('POST', '/policies', { name: 'found', store: s3.address('backups') });
  const broken = await caller.ask('POST', '/policies', { name: 'broken', store: s3.address('nowhere') });
  const find = async (query: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const { workflowId } of world.temporal.workflow.list({ query })) found.push(workflowId);
    return found;
  };
  const owned = `ExecutionStatus = 'Running' and TidemarkOwner = '${caller.id}' and TidemarkFailures = 0 and TidemarkStatus`;
  await vi.waitFor(
    async () => {
      expect(await find(`${owned} = 'active'`)).toContain(policyWorkflowId(policy.id));
      expect(await find(`${owned} = 'error'`)).toEqual([policyWorkflowId(broken.id)]);
    },
    { timeout: 20_000, interval: 200 },
  );
  const connection = await NativeConnection.connect({ address: live.temporal.address });
  await expect(ensureSearchAttributes(connection, 'default')).resolves.toBeUndefined();
  await expect(ensureSearchAttributes(connection, 'no-such-namespace')).rejects.toThrow(/no-such-namespace/);
  await connection.close();
});

it('Retry PITR Configuration is refused where the database has no policy', async () => {
  const databaseId = await addDatabase(world, caller.id);
  expect((await caller.ask('POST', `/databases/${databaseId}/pitr-retries`)).body).toMatchObject({ status: 409, code: 'not-attached' });
});
