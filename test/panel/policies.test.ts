import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { attachDatabase } from '#db/attachments.ts';
import { updatePolicy } from '#db/policies.ts';
import { beginTask, endTask, enterPhase, insertTask, reportProgress } from '#db/tasks.ts';
import { addAttached, addBackup, addDatabase, addPolicy, canaries } from '#test/api/fixtures.ts';
import { password, usePanel } from './browser.ts';

const panel = usePanel();

const failing = { status: 'paused', consecutive_failures: 3, last_error: 'orders: no space left on /var/lib/postgresql' } as const;

describe('the list of policies', () => {
  it('says what to do where there is none yet', async () => {
    const { page, open, inspect } = await panel.visit();
    await open('/policies');
    await page.getByText('No backup policy yet').waitFor();
    expect(await page.getByRole('link', { name: 'Add Policy' }).count()).toBe(2);
    await inspect('policies-empty');
  });

  it('tells of each its status and last error, place, schedule, PITR, what it keeps, and its next run', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { policyId } = await addAttached(panel.api, id);
    await updatePolicy(panel.api.db, policyId, { name: 'nightly' });
    const paused = await addPolicy(panel.api, id, { name: 'weekly', pitrEnabled: false });
    await updatePolicy(panel.api.db, paused, { ...failing, full_frequency: 'weekly', encryption_enabled: false });
    await addPolicy(panel.api, (await panel.visit()).id, { name: 'of-somebody-else' });
    await open('/policies');
    const rows = page.getByRole('table', { name: 'Backup policies' }).getByRole('row');
    expect(await rows.count()).toBe(3);
    const row = async (name: string): Promise<string> => (await rows.filter({ hasText: name }).innerText()).replaceAll(/\s+/g, ' ');
    expect(await row('nightly')).toMatch(
      /nightly Validating s3.example.com\/backups\/team Full daily at 02:00 UTC, incremental every 6 hours On 7 fulls, incrementals 30 days, logs 72 hours Yes 1 (Full|Incremental) in \d+ (hours?|minutes?)/,
    );
    expect(await row('weekly')).toMatch(
      /weekly Paused 3 failed backups in a row orders: no space left on \S+ \S+ Full on Sundays at 02:00 UTC, .* -- .* No 0 none while paused/,
    );
    await inspect('policies');
    await page.getByRole('searchbox', { name: 'Name' }).fill('week');
    await expect.poll(() => rows.count()).toBe(2);
    await open('/policies?status=error');
    await page.getByText('No policy matches').waitFor();
  });
});

describe('the page of a policy', () => {
  it('shows its store without the secret key, schedule and next runs, retention, encryption and its databases', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const attached = await addAttached(panel.api, id);
    const { db } = panel.api;
    await updatePolicy(db, attached.policyId, {
      name: 'nightly',
      status: 'active',
      credentials_verified_at: new Date('2026-11-20T01:00:00Z'),
    });
    await addBackup(db, attached, { at: Date.now() - 3 * 3_600_000 });
    await db.updateTable('attachments').set({ pitr_status: 'active' }).where('database_id', '=', attached.databaseId).execute();
    await open(`/policies/${attached.policyId}`);
    const text = async (name: string): Promise<string> => (await page.getByRole('region', { name }).innerText()).replaceAll(/\s+/g, ' ');
    expect(await text('S3 Configuration')).toMatch(
      /Endpoint s3.example.com .*Secret key kept sealed, never shown Credentials Verified 2026-11-20 01:00:00 UTC \(02:00:00 Europe\/Berlin\)/,
    );
    expect(await text('Schedule')).toMatch(/Daily at 02:00 UTC Incremental Incremental every 6 hours Next runs .*Full \w{3} \d{4}-/);
    expect(await text('Retention, PITR and encryption')).toMatch(
      /The newest 7 fulls: about 7 days .*Any second of the last 72 hours .*On \(AES-256/,
    );
    const row = page.getByRole('table', { name: 'Attached databases' }).getByRole('row').nth(1);
    expect((await row.innerText()).replaceAll(/\s+/g, ' ')).toMatch(/orders-\w+ PostgreSQL db.example.com 3 hours ago none Active/);
    expect(await page.content()).not.toContain(canaries.secretKey);
    await inspect('policy');
  });

  it('warns of failures, and is live when they are over', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { policyId } = await addAttached(panel.api, id);
    await updatePolicy(panel.api.db, policyId, failing);
    await open(`/policies/${policyId}`);
    const banner = page.getByRole('alert', { name: 'The policy is paused: 3 failed backups in a row' });
    await banner.getByText('Consecutive failures: 3').waitFor();
    await banner.getByText('Last error: orders: no space left on /var/lib/postgresql').waitFor();
    await inspect('policy-paused');
    await updatePolicy(panel.api.db, policyId, { status: 'active', consecutive_failures: 0, last_error: null });
    await banner.waitFor({ state: 'detached', timeout: 5_000 });
  });

  it('offers the databases that can be attached, and says why the others cannot', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const policyId = await addPolicy(panel.api, id, { name: 'nightly' });
    await addDatabase(panel.api, id, { name: 'free' });
    await addDatabase(panel.api, id, { name: 'down', status: 'error' });
    const primaryId = await addDatabase(panel.api, id, { name: 'taken' });
    await addDatabase(panel.api, id, { name: 'copy', primaryId });
    await attachDatabase(panel.api.db, primaryId, await addPolicy(panel.api, id, { name: 'weekly' }));
    await open(`/policies/${policyId}`);
    await page.getByRole('combobox', { name: 'Database to attach' }).click();
    const option = (text: RegExp) => page.getByRole('option', { name: text });
    await option(/^free \(PostgreSQL, db.example.com\)$/).waitFor();
    expect(await option(/^taken .*: is attached to weekly$/).getAttribute('data-combobox-disabled')).toBe('true');
    expect(await option(/^down .*: cannot be reached$/).count()).toBe(1);
    expect(await option(/^copy .*: is a replica; attach its primary$/).count()).toBe(1);
    await inspect('policy-attach-choices');
    await page.getByRole('combobox', { name: 'Database to attach' }).fill('nothing like it');
    await page.getByText('No database has this name').waitFor();
    await page.getByRole('combobox', { name: 'Database to attach' }).fill('fre');
    await option(/^free/).click();
    expect(await page.getByRole('button', { name: 'Attach', exact: true }).isEnabled()).toBe(true);
  });

  it('follows an attach by its phases to its end, live', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { db } = panel.api;
    const policyId = await addPolicy(panel.api, id, { name: 'nightly' });
    const databaseId = await addDatabase(panel.api, id, { name: 'orders' });
    await open(`/policies/${policyId}`);
    const taskId = crypto.randomUUID();
    await insertTask(db, { id: taskId, kind: 'attach', owner_id: id, database_id: databaseId, policy_id: policyId });
    const progress = page.getByRole('group', { name: 'Attaching orders' });
    await progress.getByText('Waiting to begin').waitFor({ timeout: 5_000 });
    await beginTask(db, taskId, `database-${databaseId}`);
    await enterPhase(db, taskId, 'Configuring log archiving');
    await progress.getByRole('progressbar', { name: 'Configuring log archiving' }).waitFor({ timeout: 5_000 });
    await attachDatabase(db, databaseId, policyId);
    await enterPhase(db, taskId, 'Backing up');
    await reportProgress(db, taskId, 500_000_000, 2_000_000_000);
    await progress.getByText('500 MB of 2 GB').waitFor({ timeout: 5_000 });
    expect(await page.getByRole('button', { name: 'Detach orders' }).isDisabled()).toBe(true);
    await inspect('policy-attaching');
    await endTask(db, taskId, { status: 'completed' });
    await progress.getByText('orders is attached and backed up').waitFor({ timeout: 5_000 });
    await page.getByRole('button', { name: 'Put away: orders is attached and backed up' }).click();
    await progress.waitFor({ state: 'detached' });
  });

  it('says what happens to the backups before it detaches', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { databaseId, policyId } = await addAttached(panel.api, id);
    await panel.api.db.updateTable('databases').set({ name: 'orders' }).where('id', '=', databaseId).execute();
    await open(`/policies/${policyId}`);
    await page.getByRole('button', { name: 'Detach orders' }).click();
    await page.getByRole('dialog', { name: 'Detach orders' }).getByText('Its backups stay in the bucket').waitFor();
    await inspect('policy-detach');
  });

  it('keeps its backups unless their deletion is chosen anew each time', async () => {
    const { page, id, open } = await panel.visit();
    await open(`/policies/${await addPolicy(panel.api, id, { name: 'nightly' })}`);
    const dialog = page.getByRole('dialog', { name: 'Delete nightly' });
    await page.getByRole('button', { name: 'Delete policy' }).click();
    await dialog.getByRole('radio', { name: 'Delete them' }).click();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Delete policy' }).click();
    expect(await dialog.getByRole('radio', { name: 'Keep them' }).isChecked()).toBe(true);
  });

  it('gives the recovery kit as the file that the API names, after the password where the sign-in is old', async () => {
    const { page, id, open } = await panel.visit();
    const { policyId } = await addAttached(panel.api, id);
    await updatePolicy(panel.api.db, policyId, { name: 'Nightly & more' });
    await panel.api.db
      .updateTable('sessions')
      .set({ confirmed_at: new Date(0) })
      .where('user_id', '=', id)
      .execute();
    panel.expectComplaint(/403 \(Forbidden\).*recovery-kits/);
    await open(`/policies/${policyId}`);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download recovery kit' }).click();
    await page.getByLabel(/^Password/).fill(password);
    await page.getByRole('button', { name: 'Confirm' }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe('tidemark-recovery-kit-nightly-more.json');
    const kit = JSON.parse(await readFile(await file.path(), 'utf8')) as object;
    expect(kit).toMatchObject({ format: 1, policy: { id: policyId }, policyKey: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('answers what does not exist, or is of somebody else, in words', async () => {
    const { page, open } = await panel.visit();
    const others = await addPolicy(panel.api, (await panel.visit()).id);
    panel.expectComplaint(/404 \(Not Found\)/);
    await open(`/policies/${others}`);
    await page.getByRole('alert').getByText(`There is no policy ${others}`).waitFor();
    await page.getByRole('link', { name: 'Take its deletion back' }).click();
    await page.getByRole('button', { name: 'Take the deletion back' }).waitFor();
  });
});
