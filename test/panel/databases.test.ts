import { describe, expect, it } from 'vitest';
import { markDatabase, updateDatabase } from '#db/databases.ts';
import { beginTask, endTask, enterPhase, insertTask, reportProgress } from '#db/tasks.ts';
import { addAttached, addBackup, addDatabase } from '#test/api/fixtures.ts';
import { usePanel } from './browser.ts';

const panel = usePanel();

const HOUR = 3_600_000;

describe('the page of a database', () => {
  it('tells how it is reached, what protects it, when its last backups were, and when the next are', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const of = await addAttached(panel.api, id);
    const { db } = panel.api;
    await updateDatabase(db, of.databaseId, { name: 'orders' });
    await addDatabase(panel.api, id, { name: 'orders-replica', primaryId: of.databaseId });
    await db.updateTable('attachments').set({ pitr_status: 'active' }).where('database_id', '=', of.databaseId).execute();
    await db.updateTable('policies').set({ status: 'active' }).where('id', '=', of.policyId).execute();
    const full = await addBackup(db, of, { at: Date.now() - 30 * HOUR });
    await addBackup(db, of, { at: Date.now() - 28 * HOUR, parentId: full });
    await open(`/databases/${of.databaseId}`);
    const facts = async (name: string) => (await page.getByRole('region', { name }).innerText()).replaceAll(/\s+/g, ' ');
    await page
      .getByText(/^(Full|Incremental) in \d+ (hours?|minutes?)$/)
      .first()
      .waitFor();
    expect(await facts('Server')).toMatch(
      /Engine PostgreSQL 17.6 Address db.example.com:5432 SSH admin@db.example.com:22 Host key SHA256:\S+ Status Active checked just now/,
    );
    await page.getByText('primary of orders-replica').waitFor();
    expect(await facts('Protection')).toMatch(
      /Policy nightly-\w+ PITR Active Last full 1 day ago|yesterday Last incremental .* Overdue Overdue since 20\d\d-.* UTC/,
    );
    expect(await page.title()).toBe('orders – Tidemark');
    await inspect('database');
    await page.getByRole('link', { name: 'orders-replica' }).click();
    await page.getByText('replica of orders').waitFor();
    expect(await page.getByRole('button', { name: 'Manual Backup' }).count()).toBe(0);
  });

  it("says what is wrong and offers the way out: Check again, Retry PITR Configuration, and the task's error", async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { db } = panel.api;
    const of = await addAttached(panel.api, id);
    await markDatabase(db, of.databaseId, { status: 'error', status_message: 'step login: db.example.com refused the login of admin' });
    await db
      .updateTable('attachments')
      .set({ pitr_status: 'error', pitr_message: 'archive_command is set by another tool' })
      .where('database_id', '=', of.databaseId)
      .execute();
    const taskId = crypto.randomUUID();
    await insertTask(db, { id: taskId, kind: 'backup', owner_id: id, database_id: of.databaseId, policy_id: of.policyId });
    await beginTask(db, taskId, `database-${of.databaseId}`);
    await endTask(db, taskId, { status: 'failed', error_code: 'disk-full', error_message: 'no space left on /var/lib/postgresql' });
    await open(`/databases/${of.databaseId}`);
    await page.getByText('step login: db.example.com refused the login of admin').waitFor();
    await page.getByText('Backup failed just now').waitFor();
    await page.getByText('Free space on the host.').waitFor();
    await inspect('database-error');
    panel.expectComplaint(/503/);
    await page.getByRole('button', { name: 'Retry PITR Configuration' }).click();
    await page.getByText('Temporal does not answer; nothing was started').waitFor();
    await page.getByRole('button', { name: 'Check again' }).click();
    await expect.poll(() => page.getByText('Temporal does not answer; nothing was started').count(), { timeout: 10_000 }).toBe(2);
  });

  it('shows what runs by its phases, live', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { db } = panel.api;
    const of = await addAttached(panel.api, id);
    const taskId = crypto.randomUUID();
    await open(`/databases/${of.databaseId}`);
    await insertTask(db, { id: taskId, kind: 'backup', owner_id: id, database_id: of.databaseId, policy_id: of.policyId });
    await page.getByRole('region', { name: 'Backup, queued' }).waitFor({ timeout: 5_000 });
    await beginTask(db, taskId, `database-${of.databaseId}`);
    await enterPhase(db, taskId, 'Backing up');
    await reportProgress(db, taskId, 1_500_000_000, 4_000_000_000);
    await page.getByText('1.5 GB of 4 GB').waitFor({ timeout: 5_000 });
    await inspect('database-running');
    await endTask(db, taskId, { status: 'completed' });
    await expect.poll(() => page.getByRole('region', { name: /^Backup/ }).count(), { timeout: 5_000 }).toBe(0);
  });

  it('offers the next step to one that nothing protects, and does not know what is not there', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const databaseId = await addDatabase(panel.api, id, { name: 'stock' });
    await open(`/databases/${databaseId}`);
    await page.getByText('stock is not backed up').waitFor();
    expect(await page.getByRole('link', { name: 'Attach to a policy' }).getAttribute('href')).toMatch(/^\/policies/);
    await inspect('database-unprotected');
    panel.expectComplaint(/404/);
    await open(`/databases/${crypto.randomUUID()}`);
    await page.getByText('Check the id. It may have been deleted').waitFor();
  });
});

describe('the backups of a database', () => {
  it('are drawn as chains, with source, sizes, duration and error; what retention removes next is told', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { db } = panel.api;
    const of = await addAttached(panel.api, id);
    await db.updateTable('policies').set({ retention_fulls: 1 }).where('id', '=', of.policyId).execute();
    const old = await addBackup(db, of, { at: Date.now() - 50 * HOUR });
    const full = await addBackup(db, of, { at: Date.now() - 26 * HOUR });
    const first = await addBackup(db, of, { at: Date.now() - 20 * HOUR, parentId: full });
    await addBackup(db, of, { at: Date.now() - 14 * HOUR, parentId: first });
    const failed = await addBackup(db, of, { at: Date.now() - 8 * HOUR, parentId: first, status: 'failed' });
    await db
      .updateTable('backups')
      .set({ source_reason: 'orders-replica is 12 minutes behind', ended_at: new Date(Date.now() - 25.5 * HOUR) })
      .where('id', '=', full)
      .execute();
    await open(`/databases/${of.databaseId}/backups`);
    const chains = page.getByRole('list', { name: 'Backups' }).locator('> li');
    await expect.poll(() => chains.count(), { timeout: 10_000 }).toBe(2);
    const links = chains
      .first()
      .getByRole('list', { name: /^Builds on the full of/ })
      .locator('> li');
    expect(await links.count()).toBe(3);
    expect(await links.nth(2).innerText()).toMatch(/Failed[\s\S]*no space left[\s\S]*Free space on the host/i);
    expect(await links.nth(2).getByRole('button').count()).toBe(0);
    expect((await chains.first().innerText()).replaceAll(/\s+/g, ' ')).toMatch(
      /from the primary orders-replica is 12 minutes behind 4 GB, stored 1 GB took 30 min 0 s Completed/,
    );
    await page.getByRole('region', { name: 'What retention removes next' }).getByText('older than the newest 1 fulls').waitFor();
    await inspect('backups');
    expect([old, failed]).toHaveLength(2);
  });

  it('are deleted with what builds on them, after the name has been typed', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { db } = panel.api;
    const of = await addAttached(panel.api, id);
    await updateDatabase(db, of.databaseId, { name: 'orders-backups' });
    const full = await addBackup(db, of, { at: Date.now() - 26 * HOUR });
    await addBackup(db, of, { at: Date.now() - 20 * HOUR, parentId: full });
    await open(`/databases/${of.databaseId}/backups`);
    await page.getByRole('button', { name: /^Delete the full of/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete 2 backups?' });
    await dialog.getByText('The incremental of').waitFor();
    await dialog.getByText('No backup of orders-backups is left then.').waitFor();
    const button = dialog.getByRole('button', { name: 'Delete 2 backups' });
    expect(await button.isDisabled()).toBe(true);
    await dialog.getByLabel('Type orders-backups to confirm').fill('orders-backups');
    await inspect('backup-delete');
    panel.expectComplaint(/503/);
    await button.click();
    await dialog.getByText('Temporal does not answer; nothing was started').waitFor();
    await addBackup(db, of, { at: Date.now() - 14 * HOUR, parentId: full });
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('button', { name: /^Delete the/ }).count(), { timeout: 5_000 }).toBe(3);
    await page.getByRole('button', { name: /^Delete the full of/ }).click();
    await page.getByRole('dialog', { name: 'Delete 3 backups?' }).waitFor();
  });
});

describe('the settings of a database', () => {
  it('are edited; what somebody else changed meanwhile is not overwritten', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const databaseId = await addDatabase(panel.api, id, { name: 'billing' });
    await open(`/databases/${databaseId}/settings`);
    const form = page.getByRole('region', { name: 'How it is called and reached' });
    expect(await form.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await form.getByLabel('Name', { exact: true }).fill('billing-eu');
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'billing-eu', level: 1 }).waitFor();
    await form.getByLabel('Another one').check();
    await form.getByRole('button', { name: 'Make a key' }).click();
    await form
      .getByRole('region', { name: 'Public key' })
      .getByText(/^ssh-ed25519 /)
      .waitFor();
    await inspect('database-settings');
    panel.expectComplaint(/412/);
    await form.getByLabel('Keep the one that it has').check();
    await form.getByLabel('Name', { exact: true }).fill('billing-us');
    let shown: string | undefined;
    await page.route('**/api/v1/databases/*', (route) => {
      const request = route.request();
      if (request.method() !== 'PATCH') return route.continue();
      shown = request.headers()['if-match'];
      return route.continue({ headers: { ...request.headers(), 'if-match': '"1"' } });
    });
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Somebody changed this database while you were editing it').waitFor();
    expect(await form.getByLabel('Name', { exact: true }).inputValue()).toBe('billing-us');
    expect(shown).toBe('"2"');
  });

  it('do not take back what a colleague changes while they are open', async () => {
    const { page, id, open } = await panel.visit();
    const { db } = panel.api;
    const databaseId = await addDatabase(panel.api, id, { name: 'shared' });
    await open(`/databases/${databaseId}/settings`);
    const form = page.getByRole('region', { name: 'How it is called and reached' });
    const host = form.getByLabel('Host name or address');
    await updateDatabase(db, databaseId, { host: 'new.example.com' });
    await page.getByText('on new.example.com:5432').waitFor({ timeout: 5_000 });
    await form.getByLabel('Name', { exact: true }).fill('shared-eu');
    panel.expectComplaint(/412/);
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Somebody changed this database while you were editing it').waitFor();
    await form.getByRole('button', { name: 'Begin again with what it is now' }).click();
    await expect.poll(() => host.inputValue()).toBe('new.example.com');
    await form.getByLabel('Name', { exact: true }).fill('shared-eu');
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'shared-eu', level: 1 }).waitFor();
    const saved = await db.selectFrom('databases').select(['name', 'host']).where('id', '=', databaseId).executeTakeFirst();
    expect(saved).toEqual({ name: 'shared-eu', host: 'new.example.com' });
  });

  it('remove it, unless something needs it', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const databaseId = await addDatabase(panel.api, id, { name: 'ledger' });
    const replicaId = await addDatabase(panel.api, id, { name: 'ledger-replica', primaryId: databaseId });
    await open(`/databases/${databaseId}/settings`);
    await page.getByRole('button', { name: 'Remove database' }).click();
    const dialog = page.getByRole('dialog', { name: 'Remove ledger?' });
    await dialog.getByLabel('Type ledger to confirm').fill('ledger');
    panel.expectComplaint(/409/);
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await dialog.getByText('ledger has replicas: ledger-replica').waitFor();
    await inspect('database-remove');
    await panel.api.db.updateTable('databases').set({ deleted_at: new Date() }).where('id', '=', replicaId).execute();
    // where its change is told before the list is loaded
    panel.expectComplaint(/404/);
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await page.waitForURL('**/databases');
    await page.getByText('No database yet').waitFor();
  });
});
