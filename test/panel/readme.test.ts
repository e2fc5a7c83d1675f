import { expect, it } from 'vitest';
import { updateDatabase } from '#db/databases.ts';
import { updatePolicy } from '#db/policies.ts';
import type { EngineName } from '#domain/states.ts';
import { addAttached, addBackup, addDatabase, addLogs, addPolicy } from '#test/api/fixtures.ts';
import { usePanel } from './browser.ts';

const panel = usePanel();

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/* `npm run pictures` puts the pictures that are taken here into docs/pictures, from where README shows them. */

it('looks as README shows it: the databases, and the choice of a second', async () => {
  const { page, id, open, inspect } = await panel.visit();
  const policyId = await addPolicy(panel.api, id, { name: 'nightly' });
  await updatePolicy(panel.api.db, policyId, { status: 'active', credentials_verified_at: new Date() });
  const orders = await addProtected(id, policyId, { name: 'orders', engine: 'postgresql', version: '17.6', port: 5432 });
  await addProtected(id, policyId, { name: 'customers', engine: 'mariadb', version: '11.8.3', port: 3306 });
  await addProtected(id, policyId, { name: 'stock', engine: 'mysql', version: '9.7.0', port: 3306 });
  await addDatabase(panel.api, id, { name: 'orders-replica', primaryId: orders });
  await open('/databases');
  await page.getByRole('row', { name: /customers MariaDB 11\.8\.3 .* nightly/ }).waitFor();
  await inspect('readme-databases');
  await open(`/databases/${orders}/restore?at=${new Date(Date.now() - 7 * HOUR).toISOString().slice(0, 19)}Z`);
  await page.getByRole('region', { name: /^Plan for/ }).waitFor();
  expect(await page.getByRole('button', { name: 'Restore orders…' }).isEnabled()).toBe(true);
  await inspect('readme-restore');
});

interface Server {
  readonly name: string;
  readonly engine: EngineName;
  readonly version: string;
  readonly port: number;
}

/** With three days of backups and logs, and one hole that has been left behind. */
async function addProtected(ownerId: string, policyId: string, { name, port, ...server }: Server): Promise<string> {
  const { db } = panel.api;
  const of = await addAttached(panel.api, ownerId, { policyId });
  await updateDatabase(db, of.databaseId, { name, host: `${name}.example.com`, port });
  await db.updateTable('databases').set(server).where('id', '=', of.databaseId).execute();
  await db.updateTable('attachments').set({ pitr_status: 'active' }).where('database_id', '=', of.databaseId).execute();
  const now = Math.floor(Date.now() / 1000) * 1000;
  await addBackup(db, of, { at: now - 62 * HOUR, logs: [1, 1] });
  for (const [hours, log] of [[38, 4] as const, [14, 8] as const]) {
    const full = await addBackup(db, of, { at: now - hours * HOUR, logs: [log, log] });
    for (const step of [1, 2])
      await addBackup(db, of, { at: now - (hours - 6 * step) * HOUR, logs: [log + step, log + step], parentId: full });
  }
  const ends = [56, 50, null, 32, 26, 20, 14, 8, 2].map((hours) => (hours === null ? null : now - hours * HOUR));
  await addLogs(db, of.databaseId, 1, 1, [...ends, now - 2 * MINUTE]);
  return of.databaseId;
}
