import { describe, expect, it } from 'vitest';
import { markDatabase } from '#db/databases.ts';
import { addAttached, addBackup, addDatabase } from '#test/api/fixtures.ts';
import { password, sizes, usePanel } from './browser.ts';

const panel = usePanel();

describe('the sign-in', () => {
  it('tells a wrong password from a right one, and leads to the databases', async () => {
    const { page, email, open, inspect } = await panel.visit({ isStranger: true });
    await open('/');
    await page.waitForURL('**/sign-in?return=%2F');
    await inspect('sign-in');
    panel.expectComplaint(/401 \(Unauthorized\).*\/sessions/);
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill('not this one');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('The e-mail address or the password is wrong').waitFor();
    await inspect('sign-in-wrong');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/databases');
    await page.getByRole('heading', { name: 'Databases', level: 1 }).waitFor();
    expect(await page.title()).toBe('Databases – Tidemark');
  });

  it('leads back to the address that was asked for, and to no other site', async () => {
    const { page, email, open } = await panel.visit({ isStranger: true });
    const enter = async (): Promise<void> => {
      await page.getByLabel('E-mail address').fill(email);
      await page.getByLabel('Password', { exact: true }).fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
    };
    await open('/databases?status=error');
    await page.waitForURL(/sign-in/);
    await enter();
    await page.waitForURL('**/databases?status=error');
    await page.getByText('No database matches').waitFor();
    await page.getByRole('button', { name: /Signed in as/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.waitForURL('**/sign-in**');
    await open(`/sign-in?return=${encodeURIComponent('//example.org/')}`);
    await enter();
    await page.waitForURL('**/databases');
  });

  it('comes when the session has ended meanwhile, and asks nothing of strangers', async () => {
    const { page, id, open } = await panel.visit();
    await open('/databases');
    await panel.api.db.deleteFrom('sessions').where('user_id', '=', id).execute();
    panel.expectComplaint(/401 \(Unauthorized\)/);
    await page.getByRole('searchbox', { name: 'Name or host' }).fill('orders');
    await page.waitForURL(/sign-in\?return=%2Fdatabases/);
  });
});

describe('the shell', () => {
  it('says what to do where there is nothing yet', async () => {
    const { page, open, inspect } = await panel.visit();
    await open('/databases');
    await page.getByText('No database yet').waitFor();
    expect(await page.getByRole('link', { name: 'Add Database' }).count()).toBe(2);
    await inspect('databases-empty');
  });

  it('shows users their pages, admins also the administration', async () => {
    const { page, open } = await panel.visit();
    await open('/databases');
    const links = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
    expect(await links.allInnerTexts()).toEqual(['Databases', 'Backup Policies', 'Activity', 'Account']);
    await open('/admin/users');
    await page.getByText('There is no such page').waitFor();
    const admin = await panel.visit({ role: 'admin' });
    await admin.open('/databases');
    expect(await admin.page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Audit log' }).count()).toBe(1);
  });

  it('answers an unknown address with a page of its own, and says so', async () => {
    const { page, open, inspect } = await panel.visit();
    await open('/nothing/here');
    await page.getByText('There is no such page').waitFor();
    expect(await page.title()).toBe('Nothing is here – Tidemark');
    await inspect('not-found');
  });

  it('can be walked through by keyboard: a link past the navigation, and the focus on the new page', async () => {
    const { page, open } = await panel.visit();
    await open('/databases');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('page');
    await page.getByRole('link', { name: 'Add Database' }).first().click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Databases' }).first().click();
    await page.getByRole('heading', { name: 'Databases', level: 1 }).waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Databases');
  });

  it('keeps the colours that were chosen', async () => {
    const { page, open } = await panel.visit();
    await open('/databases');
    const scheme = () => page.evaluate("document.documentElement.getAttribute('data-mantine-color-scheme')");
    expect(await scheme()).toBe('light');
    await page.getByRole('button', { name: 'Colours: As the system' }).click();
    await page.getByRole('menuitem', { name: 'Dark' }).click();
    await expect.poll(scheme).toBe('dark');
    await open('/databases');
    expect(await scheme()).toBe('dark');
  });

  it('opens its navigation by a button on narrow screens', async () => {
    const { page, open } = await panel.visit();
    await page.setViewportSize(sizes.phone);
    await open('/databases');
    const link = page.getByRole('link', { name: 'Account' });
    expect(await link.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Navigation' }).click();
    await link.waitFor();
    await page.getByRole('link', { name: 'Databases' }).first().click();
    await expect.poll(() => link.isVisible()).toBe(false);
  });
});

describe('the databases', () => {
  it('are shown with their engine, host, status, policy, last backups, PITR and what is overdue', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const place = panel.api;
    const attached = await addAttached(place, id);
    await panel.api.db.updateTable('attachments').set({ pitr_status: 'active' }).where('database_id', '=', attached.databaseId).execute();
    await addBackup(panel.api.db, attached, { at: Date.now() - 3 * 3_600_000 });
    const late = await addAttached(place, id);
    await addBackup(panel.api.db, late, { at: Date.now() - 9 * 86_400_000 });
    await addDatabase(place, id, { name: 'billing', status: 'error' });
    await addDatabase(place, (await panel.visit()).id, { name: 'of-somebody-else' });
    await open('/databases');
    const rows = page.getByRole('table', { name: 'Databases' }).getByRole('row');
    expect(await rows.count()).toBe(4);
    const row = async (text: string): Promise<string> => (await rows.filter({ hasText: text }).innerText()).replaceAll(/\s+/g, ' ');
    expect(await row('billing')).toMatch(/billing PostgreSQL 17.6 db.example.com:5432 Error Unprotected none none none --/);
    expect(await row('3 hours ago')).toMatch(/Active nightly-\w+ 3 hours ago none Active/);
    expect(await row('9 days ago')).toMatch(/Active Overdue since 8 days ago/);
    await inspect('databases');
    await page.getByRole('searchbox', { name: 'Name or host' }).fill('bill');
    await expect.poll(() => rows.count()).toBe(2);
    expect(page.url()).toContain('search=bill');
  });

  it('are live: what changes is shown at once', async () => {
    const { page, id, open } = await panel.visit();
    const databaseId = await addDatabase(panel.api, id, { name: 'billing' });
    await open('/databases');
    await page.getByRole('row', { name: /billing.*Active/ }).waitFor();
    await markDatabase(panel.api.db, databaseId, { status: 'error', status_message: 'the host does not answer' });
    await page.getByRole('row', { name: /billing.*Error/ }).waitFor({ timeout: 5_000 });
    await addDatabase(panel.api, id, { name: 'stock' });
    await page.getByRole('link', { name: 'stock' }).waitFor({ timeout: 5_000 });
  });

  it('are not listened for while the page is not seen, and are up to date when it is seen again', async () => {
    const { page, id, open } = await panel.visit();
    await open('/databases');
    const see = (state: string): Promise<unknown> =>
      page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`);
    const isOfEvents = (request: { url(): string }): boolean => request.url().endsWith('/api/v1/events');
    const ended = page.waitForEvent('requestfailed', { predicate: isOfEvents, timeout: 5_000 });
    await see('hidden');
    await ended;
    await addDatabase(panel.api, id, { name: 'stock' });
    await see('visible');
    await page.getByRole('link', { name: 'stock' }).waitFor({ timeout: 5_000 });
  });

  it('are asked for again and again while changes are not told, and the page says so', async () => {
    const { page, id, open } = await panel.visit();
    panel.expectComplaint(/events/);
    await page.route('**/api/v1/events', (route) => route.abort());
    await open('/databases');
    await page.getByText('reconnecting…').waitFor();
    await addDatabase(panel.api, id, { name: 'stock' });
    await page.getByRole('link', { name: 'stock' }).waitFor({ timeout: 10_000 });
    await page.unroute('**/api/v1/events');
    await page.getByText('reconnecting…').waitFor({ state: 'hidden', timeout: 15_000 });
  });
});
