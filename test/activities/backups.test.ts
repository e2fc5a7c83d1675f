import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planBackup } from '#activities/backups.ts';
import { claimBackup, completeBackup, getBackup } from '#db/backups.ts';
import { insertTask } from '#db/tasks.ts';
import { insertUser } from '#db/users.ts';
import { createSealer } from '#db/seal.ts';
import { addAttached } from '#test/api/fixtures.ts';
import { createTestCatalogue, type TestCatalogue } from '../catalogue.ts';

let catalogue: TestCatalogue;
const ownerId = randomUUID();
beforeAll(async () => {
  catalogue = await createTestCatalogue();
  await insertUser(catalogue.db, { id: ownerId, email: 'ann@example.com', name: 'Ann', role: 'user', password_hash: 'none' });
});
afterAll(() => catalogue.drop());

it('is completed by the attempt that took it last, and by none that was given up', async () => {
  const { db } = catalogue;
  const of = await addAttached({ db, sealer: createSealer(Buffer.alloc(32, 1)) }, ownerId);
  const [backupId, taskId, first, second] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  await insertTask(db, { id: taskId, kind: 'backup', owner_id: ownerId, database_id: of.databaseId });
  await planBackup(db, { ...of, taskId, backupId, kind: 'full' });
  expect(await claimBackup(db, backupId, first)).toBe(true);
  expect(await claimBackup(db, backupId, second)).toBe(true);
  const outcome = (label: string) => ({ label, consistent_at: new Date(), size_bytes: 1, stored_bytes: 1, ended_at: new Date() });
  await expect(completeBackup(db, backupId, first, outcome('first'))).rejects.toMatchObject({ code: 'backup-failed' });
  expect((await getBackup(db, backupId)).status).toBe('running');
  await completeBackup(db, backupId, second, outcome('second'));
  expect(await claimBackup(db, backupId, randomUUID())).toBe(false);
  await expect(completeBackup(db, backupId, second, outcome('again'))).rejects.toMatchObject({ code: 'backup-failed' });
  expect(await getBackup(db, backupId)).toMatchObject({ status: 'completed', label: 'second' });
});

it('is not planned in plain once the policy is with encryption; what an attachment or a restore ends with is', async () => {
  const { db } = catalogue;
  const of = await addAttached({ db, sealer: createSealer(Buffer.alloc(32, 1)) }, ownerId);
  const plan = async (kind: 'backup' | 'attach') => {
    const taskId = randomUUID();
    await insertTask(db, { id: taskId, kind, owner_id: ownerId, database_id: of.databaseId });
    return planBackup(db, { ...of, taskId, backupId: randomUUID(), kind: 'full' });
  };
  const setEncrypted = (encrypted: boolean) =>
    db.updateTable('generations').set({ encrypted }).where('database_id', '=', of.databaseId).execute();
  expect(await plan('backup')).toEqual({ kind: 'full' });
  await setEncrypted(false);
  await expect(plan('backup')).rejects.toMatchObject({ code: 'encryption-not-switched' });
  expect(await plan('attach')).toEqual({ kind: 'full' });
  await db.updateTable('policies').set({ encryption_enabled: false }).where('id', '=', of.policyId).execute();
  await setEncrypted(true);
  expect(await plan('backup')).toEqual({ kind: 'full' });
});
