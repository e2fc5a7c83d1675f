import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { insertNotice, markNoticeSent, markNoticeUnsent } from '#db/notices.ts';
import { beginTask, endTask } from '#db/tasks.ts';
import { addAttached, addBackup, addDatabase, addPolicy, addTask } from '#test/api/fixtures.ts';
import { password, usePanel } from './browser.ts';

const panel = usePanel();
const DAY_MS = 86_400_000;

describe('the administration', () => {
  it('says in one look what needs somebody, what runs and what is stored', async () => {
    const { page, open, inspect } = await panel.visit({ role: 'admin' });
    const { id } = await panel.visit();
    const { db } = panel.api;
    await addDatabase(panel.api, id, { name: 'bare', status: 'error' });
    const late = await addAttached(panel.api, id);
    for (const days of [9, 12, 15]) await addBackup(db, late, { at: Date.now() - days * DAY_MS });
    const gone = await addBackup(db, late, { at: Date.now() - 12 * DAY_MS });
    await db.updateTable('backups').set({ status: 'deleted' }).where('id', '=', gone).execute();
    const paused = { status: 'paused', consecutive_failures: 3, last_error: 'no space left on /srv' } as const;
    await db.updateTable('policies').set(paused).where('id', '=', late.policyId).execute();
    await open('/admin');
    await page.waitForURL('**/admin/overview');
    await page.getByRole('heading', { name: 'Overdue: 1' }).waitFor();
    await page.getByText('3 failures in a row').waitFor();
    await page.getByText('4 GB written, 3 GB of it kept; the most on one day was 2 GB.').waitFor();
    await inspect('admin-overview');
    await page.getByRole('link', { name: 'Unprotected' }).click();
    await page.waitForURL('**/admin/databases?isAttached=false');
    await page.getByRole('row', { name: /bare .* Unprotected/ }).waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
  });

  it('says that nothing needs anybody only where no figure says otherwise', async () => {
    const { page, open } = await panel.visit({ role: 'admin' });
    const none = { total: 0, items: [] };
    const calm = {
      databases: 1,
      unprotected: none,
      overdue: none,
      failing: none,
      unreachable: none,
      pitrInTrouble: none,
      unsentNotices: 0,
    };
    let figures = {};
    await page.route('**/api/v1/overview', async (route) => {
      const answer = await route.fetch();
      const json = (await answer.json()) as object;
      await route.fulfill({ response: answer, json: { ...json, ...calm, tasks: { running: 0, queued: 0, failedLastDay: 0 }, ...figures } });
    });
    await open('/admin/overview');
    await page.getByText('Nothing needs anybody').waitFor();
    for (const trouble of [{ tasks: { running: 0, queued: 0, failedLastDay: 1 } }, { unsentNotices: 1 }]) {
      figures = trouble;
      await open('/admin/overview');
      await page.getByRole('img', { name: 'needs somebody' }).waitFor();
      expect(await page.getByText('Nothing needs anybody').count()).toBe(0);
    }
    // the page goes on asking, and may be closed before the answer came
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  it("shows everybody's databases with their owner, and those of one", async () => {
    const { page, open, inspect } = await panel.visit({ role: 'admin' });
    const [ada, bob] = [await panel.visit(), await panel.visit()];
    await panel.api.db.updateTable('users').set({ name: 'Ada' }).where('id', '=', ada.id).execute();
    await addDatabase(panel.api, ada.id, { name: 'of-ada' });
    await addDatabase(panel.api, bob.id, { name: 'of-bob' });
    await open('/admin/databases');
    await page.getByRole('row', { name: /of-ada Ada PostgreSQL/ }).waitFor();
    await inspect('admin-databases');
    await page.getByRole('combobox', { name: 'Owner' }).click();
    await page.getByRole('option', { name: /^Ada/ }).click();
    await expect.poll(() => page.getByRole('row', { name: /of-bob/ }).count()).toBe(0);
    await page.getByRole('row', { name: /of-ada/ }).waitFor();
  });

  it("shows everybody's policies with their owner, and those of one", async () => {
    const { page, open, inspect } = await panel.visit({ role: 'admin' });
    const [ada, bob] = [await panel.visit(), await panel.visit()];
    await panel.api.db.updateTable('users').set({ name: 'Ada' }).where('id', '=', ada.id).execute();
    await addPolicy(panel.api, ada.id, { name: 'policy-of-ada' });
    await addPolicy(panel.api, bob.id, { name: 'policy-of-bob' });
    await open('/admin/policies');
    await page.getByRole('row', { name: /policy-of-ada Ada/ }).waitFor();
    await inspect('admin-policies');
    await open(`/admin/policies?ownerId=${bob.id}`);
    await page.getByRole('row', { name: /policy-of-bob/ }).waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
  });

  it('adds, changes and disables users', async () => {
    const { page, email, open, inspect } = await panel.visit({ role: 'admin' });
    panel.expectComplaint(/409 \(Conflict\)/);
    await open('/admin/users');
    await page.getByRole('row', { name: new RegExp(`you ${email} admin Active`) }).waitFor();
    await page.getByRole('button', { name: 'Add User' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'E-mail address' }).fill(email);
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Grace');
    await dialog.getByLabel(/First password/).fill('nine slow boats on a lake');
    await dialog.getByRole('button', { name: 'Add' }).click();
    await dialog.getByRole('alert').getByText(`There is already a user ${email}`).waitFor();
    await inspect('admin-add-user');
    await dialog.getByRole('textbox', { name: 'E-mail address' }).fill('grace@example.com');
    await dialog.getByRole('button', { name: 'Add' }).click();
    await page.getByText('grace@example.com can sign in now.').waitFor();
    await page.getByRole('button', { name: 'Edit Grace' }).click();
    await page.getByRole('dialog', { name: 'Edit grace@example.com' }).getByLabel('Disabled').check();
    await inspect('admin-edit-user');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /Grace grace@example.com user Disabled/ }).waitFor();
    await inspect('admin-users');
  });

  it("shows everybody's tasks, and where the workflow of each is found", async () => {
    const { page, open, inspect } = await panel.visit({ role: 'admin' });
    const { id } = await panel.visit();
    const { db } = panel.api;
    const task = await addTask(db, id, await addDatabase(panel.api, id, { name: 'stock' }));
    await beginTask(db, task, 'database-stock');
    await endTask(db, task, { status: 'failed', error_code: 'server-down', error_message: 'the server does not answer' });
    await open('/admin/tasks');
    const row = page.getByRole('row', { name: /stock/ });
    await row.getByText('The server does not answer').waitFor();
    const link = row.getByRole('link', { name: /database-stock/ });
    expect(await link.getAttribute('href')).toBe('http://temporal.example.com/namespaces/tidemark/workflows/database-stock');
    await inspect('admin-tasks');
  });

  it('shows the mails, and what keeps one from being sent', async () => {
    const { page, id, open, inspect } = await panel.visit({ role: 'admin' });
    const { db } = panel.api;
    const add = async (subject: string): Promise<string> => {
      const noticeId = randomUUID();
      const text = { subject, body_text: subject, body_html: subject };
      await insertNotice(db, { id: noticeId, kind: 'backup-failed', event: noticeId, recipient_id: id, ...text });
      return noticeId;
    };
    await markNoticeSent(db, await add('Backup Failed: billing'));
    await markNoticeUnsent(db, await add('Backup Failed: stock'), 'connect ECONNREFUSED 192.0.2.25:25');
    const old = await add('Backup Failed: ledger');
    await markNoticeUnsent(db, old, 'no mail server is configured (TIDEMARK_MAIL_URL)');
    await sql`update notices set created_at = now() - interval '8 days' where id = ${old}`.execute(db);
    await open('/admin/notices');
    await page.getByRole('row', { name: /ledger .* Given up no mail server is configured/ }).waitFor();
    await page.getByRole('row', { name: /stock Backup failed .* Not sent connect ECONNREFUSED/ }).waitFor();
    await page.getByRole('row', { name: /billing/ }).waitFor();
    await inspect('admin-notices');
    await open('/admin/notices?isSent=false');
    await page.getByRole('row', { name: /stock/ }).waitFor();
    expect(await page.getByRole('row', { name: /billing/ }).count()).toBe(0);
  });

  it('shows who did what, leads to more of the same, and verifies the chain', async () => {
    const { page, email, open, inspect } = await panel.visit({ role: 'admin' });
    await page.request.post('/api/v1/sessions', { data: { email, password } });
    await open('/admin/audit');
    await page.getByRole('link', { name: 'createSession' }).first().waitFor();
    await inspect('admin-audit');
    await page.getByRole('link', { name: 'createSession' }).first().click();
    await page.waitForURL(/action=createSession/);
    await expect.poll(() => page.getByRole('searchbox', { name: 'What', exact: true }).inputValue()).toBe('createSession');
    await page.getByLabel('To (UTC)').fill('2020-01-01T00:00');
    await page.getByText('Nothing was done').waitFor();
    await page.getByRole('button', { name: 'Verify the chain' }).click();
    await page.getByText(/All \d+ rows are whole/).waitFor();
    await inspect('admin-audit-verified');
  });
});
