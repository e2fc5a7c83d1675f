import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { endLostRequests } from '#api/lost-requests.ts';
import { beginTask, endTask, failQueuedTask, insertTask, linkBackup } from '#db/tasks.ts';
import type { TaskKind } from '#domain/states.ts';
import { addAttached, addBackup, addDatabase } from './fixtures.ts';
import { type LiveWorld, startLiveWorld } from './live-world.ts';
import { policyBecomes } from './waiting.ts';
import type { ApiWorld, Caller } from './world.ts';

let live: LiveWorld;
let world: ApiWorld;
let caller: Caller;
let policyId: string;
let databaseId: string;
beforeAll(async () => {
  live = await startLiveWorld();
  ({ world, caller } = live);
  policyId = (await caller.ask('POST', '/policies', { name: 'nightly', store: live.s3.address('backups'), pitrEnabled: true })).id;
  databaseId = await addDatabase(world, caller.id);
});
afterAll(() => live.stop());

describe('a request that was written down', () => {
  it('is left alone while nobody can say whether it arrived', async () => {
    const taskId = await addQueuedTask('backup');
    await expect(endLostRequests(world.deps, inTenMinutes())).rejects.toThrow();
    expect(await getTask(taskId)).toMatchObject({ status: 'queued' });
  });

  it('is ended when it never arrived; if it arrives after that, it does nothing and counts nowhere', async () => {
    await live.startWorkers();
    await policyBecomes(caller, policyId, 'active');
    const taskIds = [await addQueuedTask('attach'), await addQueuedTask('check')];
    const lostByNow = await endLostRequests(world.deps);
    for (const id of taskIds) expect(lostByNow).not.toContain(id);
    expect(await endLostRequests(world.deps, inTenMinutes())).toEqual(expect.arrayContaining(taskIds));
    for (const id of taskIds) expect(await getTask(id)).toMatchObject({ status: 'failed', error: { code: 'request-lost' } });
    const workflow = world.temporal.workflow.getHandle(`policy-${policyId}`);
    await workflow.executeUpdate('attach', { args: [{ taskId: taskIds[0], databaseId }] });
    expect(await workflow.query('status')).toMatchObject({ tasks: [taskIds[0]] });
    await vi.waitFor(async () => expect(await workflow.query('status')).toMatchObject({ tasks: [], attached: [] }), { timeout: 20_000 });
    expect(await getTask(taskIds[0])).toMatchObject({ status: 'failed', startedAt: null });
    expect(await workflow.query('status')).toMatchObject({ status: 'active', consecutiveFailures: 0 });
  });

  it('does not begin when it was taken back', async () => {
    await expect(beginTask(world.db, randomUUID(), 'w')).rejects.toMatchObject({ code: 'request-lost' });
  });

  it('of a check leaves no database that is for ever being checked, and one that cannot be judged keeps no other', async () => {
    await world.db.updateTable('databases').set({ status: 'checking' }).where('id', '=', databaseId).execute();
    const [broken, taskId] = [await addQueuedTask('backup'), await addQueuedTask('check')];
    await world.db.updateTable('tasks').set({ policy_id: null, database_id: null, kind: 'check' }).where('id', '=', broken).execute();
    const failing = { ...world.deps, temporal: brokenFor(world.deps.temporal, 'check-') };
    await expect(endLostRequests(failing, inTenMinutes())).rejects.toThrow('no answer');
    expect(await getTask(taskId)).toMatchObject({ status: 'failed' });
    expect((await caller.ask('GET', `/databases/${databaseId}`)).body).toMatchObject({ status: 'error' });
    await failQueuedTask(world.db, broken, { code: 'request-lost', message: 'x' });
  });

  it('that has begun ends when its workflow was terminated or lost, with the backup that it took; nothing waits for it then', async () => {
    const backupId = await addBackup(world.db, await addAttached(world, caller.id), { status: 'running' });
    const [lost, kept] = [await addQueuedTask('backup'), await addQueuedTask('backup')];
    await beginTask(world.db, lost, 'database-of-nobody');
    await linkBackup(world.db, lost, backupId);
    await beginTask(world.db, kept, `policy-${policyId}`);
    expect(await endLostRequests(world.deps)).not.toContain(lost);
    expect(await endLostRequests(world.deps, inTenMinutes())).toEqual([lost]);
    expect(await getTask(lost)).toMatchObject({ status: 'failed', error: { code: 'operation-lost' } });
    expect(await getTask(kept)).toMatchObject({ status: 'running' });
    expect((await caller.ask('GET', `/backups/${backupId}`)).body).toMatchObject({ status: 'failed' });
    await endTask(world.db, kept, { status: 'completed' });
  });

  it('goes on when its policy has noted it', async () => {
    const taskId = await addQueuedTask('backup');
    await world.temporal.workflow.getHandle(`policy-${policyId}`).executeUpdate('attach', { args: [{ taskId, databaseId }] });
    expect(await endLostRequests(world.deps, inTenMinutes())).not.toContain(taskId);
  });
});

function inTenMinutes(): number {
  return Date.now() + 600_000;
}

async function addQueuedTask(kind: TaskKind): Promise<string> {
  const id = randomUUID();
  await insertTask(world.db, { id, kind, owner_id: caller.id, database_id: databaseId, policy_id: kind === 'check' ? null : policyId });
  return id;
}

async function getTask(id: string | undefined): Promise<Record<string, unknown>> {
  return (await caller.ask('GET', `/tasks/${id}`)).body;
}

/** A client that gets no answer about the one workflow, as where a worker is stuck in it. */
function brokenFor(client: Client, workflowId: string): Client {
  const getHandle = client.workflow.getHandle.bind(client.workflow);
  const workflow = Object.assign(Object.create(client.workflow) as Client['workflow'], {
    getHandle: (id: string) => (id === workflowId ? { describe: () => Promise.reject(new Error('no answer')) } : getHandle(id)),
  });
  return Object.create(client, { workflow: { value: workflow } }) as Client;
}
