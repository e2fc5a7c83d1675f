import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planBackup } from '#activities/backups.ts';
import { describeLost } from '#activities/tasks.ts';
import { updateBackup } from '#db/backups.ts';
import { createSealer } from '#db/seal.ts';
import { beginTask, endTask, insertTask } from '#db/tasks.ts';
import { insertUser } from '#db/users.ts';
import type { TaskKind } from '#domain/states.ts';
import { addAttached } from '#test/api/fixtures.ts';
import { createTestCatalogue, type TestCatalogue } from '../catalogue.ts';

let catalogue: TestCatalogue;
const ownerId = randomUUID();
beforeAll(async () => {
  catalogue = await createTestCatalogue();
  await insertUser(catalogue.db, { id: ownerId, email: 'ann@example.com', name: 'Ann', role: 'user', password_hash: 'none' });
});
afterAll(() => catalogue.drop());

const terminated = { code: 'operation-lost', message: 'the operation was terminated' };
const unreachable = { code: 'store-unreachable', message: 'no network' } as const;

/** A task that runs, with a backup that it has begun. */
async function beginBackup(kind: TaskKind): Promise<{ of: { databaseId: string; taskId: string }; backupId: string }> {
  const { db } = catalogue;
  const attached = await addAttached({ db, sealer: createSealer(Buffer.alloc(32, 1)) }, ownerId);
  const [taskId, backupId] = [randomUUID(), randomUUID()];
  await insertTask(db, { id: taskId, kind, owner_id: ownerId, database_id: attached.databaseId });
  await beginTask(db, taskId, `database-${attached.databaseId}`);
  await planBackup(db, { ...attached, taskId, backupId, kind: 'full' });
  return { of: { databaseId: attached.databaseId, taskId }, backupId };
}

it('a lost operation that had begun a backup has failed with it, whatever it was for', async () => {
  for (const kind of ['backup', 'restore'] as const) {
    const { of } = await beginBackup(kind);
    expect(await describeLost(catalogue.db, of)).toEqual({ ...of, failure: terminated, backup: { error: terminated } });
  }
});

it('a backup that was completed before its operation was lost has not failed', async () => {
  const { of, backupId } = await beginBackup('attach');
  const now = new Date();
  await updateBackup(catalogue.db, backupId, { status: 'completed', label: backupId, consistent_at: now, ended_at: now });
  expect(await describeLost(catalogue.db, of)).toEqual({ ...of, failure: terminated, backup: {} });
});

it('an operation whose report alone was lost ended as its task has it', async () => {
  const well = await beginBackup('backup');
  await endTask(catalogue.db, well.of.taskId, { status: 'completed' });
  expect(await describeLost(catalogue.db, well.of)).toEqual({ ...well.of, backup: {} });
  const badly = await beginBackup('backup');
  await endTask(catalogue.db, badly.of.taskId, { status: 'failed', error_code: unreachable.code, error_message: unreachable.message });
  expect(await describeLost(catalogue.db, badly.of)).toEqual({ ...badly.of, failure: unreachable, backup: { error: unreachable } });
});

it('of a lost operation that came to no backup only its end is known, or not even that', async () => {
  const of = { databaseId: randomUUID(), taskId: randomUUID() };
  expect(await describeLost(catalogue.db, of)).toEqual({ ...of, failure: terminated });
});
