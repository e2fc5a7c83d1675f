import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '#activities/activities.ts';
import { createActivities } from '#activities/create-activities.ts';
import { createNetworkGuard } from '#activities/stores/networks.ts';
import { updatePolicy } from '#db/policies.ts';
import { insertRestore, insertTask } from '#db/tasks.ts';
import { updateUser } from '#db/users.ts';
import type { TaskKind } from '#domain/states.ts';
import { addAttached, addBackup, addDatabase } from '#test/api/fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from '#test/api/world.ts';

type Things = { databaseId: string; policyId: string };

let world: ApiWorld;
let ann: Caller;
let hers: Things;
let his: Things;
let activities: Activities;
beforeAll(async () => {
  world = await startApiWorld();
  ann = await world.addCaller();
  hers = await addAttached(world, ann.id);
  his = await addAttached(world, (await world.addCaller()).id);
  activities = createActivities({ db: world.db, sealer: world.sealer, guard: createNetworkGuard({ allowed: [] }) });
});
afterAll(() => world.stop());

const run = async <I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> => new MockActivityEnvironment().run(activity, input);
const statusOf = async (id: string) =>
  (await world.db.selectFrom('tasks').select('status').where('id', '=', id).executeTakeFirst())?.status;

async function begin(of: Things, more: { asked?: Things; kind?: TaskKind; restoreId?: string; ownerId?: string } = {}): Promise<string> {
  const [taskId, kind] = [randomUUID(), more.kind ?? 'backup'];
  const { databaseId: database_id, policyId: policy_id } = more.asked ?? of;
  await insertTask(world.db, {
    id: taskId,
    kind,
    owner_id: more.ownerId ?? ann.id,
    database_id,
    policy_id,
    restore_id: more.restoreId ?? null,
  });
  await run(activities.beginTask, { ...of, taskId, kind, workflowId: 'w' }).catch(async (error: unknown) => {
    expect(await statusOf(taskId)).toBe('queued');
    throw error;
  });
  return taskId;
}

async function addRestoreBy(userId: string, of: Things = hers): Promise<string> {
  const id = randomUUID();
  const backup_id = await addBackup(world.db, of);
  await insertRestore(world.db, { id, database_id: of.databaseId, policy_id: of.policyId, backup_id, requested_by: userId });
  return id;
}

const refused = { type: 'not-allowed', nonRetryable: true };

describe('an operation', () => {
  it('begins for a database and a policy of one user, asked for or by the schedule', async () => {
    expect(await statusOf(await begin(hers))).toBe('running');
    const taskId = randomUUID();
    await run(activities.beginTask, { ...hers, taskId, kind: 'backup', workflowId: 'w' });
    expect(await statusOf(taskId)).toBe('running');
  });

  it("does not begin for a database under another user's policy", async () => {
    for (const kind of ['attach', 'backup', 'restore', 'detach', 'delete'] as const)
      await expect(begin({ databaseId: hers.databaseId, policyId: his.policyId }, { kind })).rejects.toMatchObject(refused);
  });

  it('does not begin for other things than were asked for', async () => {
    await expect(begin(hers, { asked: his })).rejects.toMatchObject(refused);
    const other = await addDatabase(world, ann.id);
    await expect(begin(hers, { asked: { ...hers, databaseId: other } })).rejects.toMatchObject(refused);
    await expect(begin(hers, { ownerId: (await world.addCaller()).id })).rejects.toMatchObject(refused);
  });
});

describe('a restore', () => {
  it('begins when its owner or an admin has asked for it', async () => {
    const admin = await world.addCaller('admin');
    for (const { id } of [ann, admin])
      expect(await statusOf(await begin(hers, { kind: 'restore', restoreId: await addRestoreBy(id) }))).toBe('running');
  });

  it('does not begin for somebody who may not, or may not any more', async () => {
    const [stranger, demoted, disabled] = [await world.addCaller(), await world.addCaller('admin'), await world.addCaller('admin')];
    await updateUser(world.db, demoted.id, { role: 'user' });
    await updateUser(world.db, disabled.id, { disabled_at: new Date() });
    for (const { id } of [stranger, demoted, disabled])
      await expect(begin(hers, { kind: 'restore', restoreId: await addRestoreBy(id) })).rejects.toMatchObject(refused);
  });

  it("takes nothing from another database's", async () => {
    const restoreId = await addRestoreBy(ann.id, his);
    await expect(begin(hers, { kind: 'restore', restoreId })).rejects.toMatchObject(refused);
    const ref = { ...hers, taskId: randomUUID(), restoreId };
    for (const step of ['planRestore', 'preflightRestore', 'buildRestore', 'recoverRestore', 'swapRestore', 'cleanUpRestore'] as const)
      await expect(run(activities[step], ref), step).rejects.toMatchObject(refused);
  });
});

describe('a backup', () => {
  it("is neither deleted nor taken as another database's", async () => {
    const backupId = await addBackup(world.db, his);
    const ref = { ...hers, taskId: randomUUID(), backupId };
    await expect(run(activities.markForDeletion, ref)).rejects.toMatchObject(refused);
    await expect(run(activities.runBackup, ref)).rejects.toMatchObject(refused);
    const row = await world.db.selectFrom('backups').select('status').where('id', '=', backupId).executeTakeFirst();
    expect(row).toEqual({ status: 'completed' });
  });
});

describe('the backups of a deleted policy', () => {
  it('are not removed by a task that was for another policy', async () => {
    const taskId = randomUUID();
    await updatePolicy(world.db, his.policyId, { deleted_at: new Date() });
    await insertTask(world.db, { id: taskId, kind: 'delete', owner_id: ann.id, policy_id: hers.policyId });
    await expect(run(activities.removePolicyBackups, { policyId: his.policyId, taskId })).rejects.toMatchObject(refused);
    expect(await statusOf(taskId)).toBe('queued');
  });
});
