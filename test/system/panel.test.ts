import { randomBytes } from 'node:crypto';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createApplication } from '#lab/application.ts';
import type { Answer, Task } from '#lab/client.ts';
import { createStore, noteSecond } from '#lab/story.ts';
import { startWriter, type Writer } from '#lab/writer.ts';
import { findCacheDir } from '#standalone/parts/cache.ts';
import { ensureChromium } from '#standalone/parts/chromium.ts';
import { createProgress } from '#standalone/parts/progress.ts';
import { watchForComplaints } from '#test/panel/browser.ts';
import { startTestProduct, type TestProduct } from '../product.ts';

/* Somebody who has never seen Tidemark, with the panel alone: the tests are one story, in order. */

const LONG_MS = 300_000;
const SHORT_MS = 60_000;
const sshUser = 'tidemark';
const ann = { email: 'ann@example.com', name: 'Ann', password: randomBytes(15).toString('base64url') };

let house: TestProduct;
let browser: Browser;
let page: Page;
let store: Answer;
let writer: Writer;
const complaints: string[] = [];
beforeAll(async () => {
  house = await startTestProduct();
  await house.api.post('/users', ann);
  store = await createStore(house.lab, `panel-${Date.now().toString(36)}`);
  writer = await startWriter(await createApplication(house.lab, 'postgresql'), 1_000);
  const executablePath = await ensureChromium({ cacheDir: findCacheDir(process.env), progress: createProgress(() => undefined) });
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  page = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  await writer.stop();
  await house.stop();
});
afterEach(() => expect(complaints.splice(0)).toEqual([]));

it('signs in for the first time', async () => {
  await signIn(page, house.product.adminEmail, house.adminPassword);
  await page.getByRole('heading', { name: 'Databases', level: 1 }).waitFor();
});

it('adds a database: a key that Tidemark makes, the host key compared, each step checked', async () => {
  const { address, databasePort, sshPort } = house.lab.hosts['pg-primary'];
  await page.getByRole('link', { name: 'Add Database' }).first().click();
  await page.getByRole('heading', { name: 'Add Database', level: 1 }).waitFor();
  await page.getByLabel('Name', { exact: true }).fill('orders');
  await page.getByLabel('Host name or address').fill(address);
  await page.getByLabel('Port of the server').fill(String(databasePort));
  await page.getByLabel('SSH port').fill(String(sshPort));
  await page.getByLabel('SSH user').fill(sshUser);
  await next();
  await page.getByRole('button', { name: 'Make a key' }).click();
  await onHost(await page.getByRole('region', { name: 'Let the key log in' }).innerText());
  await onHost(await page.getByRole('region', { name: 'Let the user work as root without a password' }).innerText());
  await next();
  const shown = await page.getByLabel('Fingerprint', { exact: true }).innerText();
  const says = await onHost(await page.getByRole('region', { name: 'On the host' }).innerText());
  expect(says).toContain(shown.trim());
  await page.getByLabel('The host says the same fingerprint').check();
  await next();
  await page.getByText('Everything works').waitFor({ timeout: SHORT_MS });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('heading', { name: 'orders', level: 1 }).waitFor();
  await page.getByRole('main').getByText('Active', { exact: true }).first().waitFor({ timeout: SHORT_MS });
});

it('creates a policy, whose Test Connection fails until the secret key is right', async () => {
  await page.getByRole('link', { name: 'Backup Policies' }).click();
  await page.getByRole('link', { name: 'Add Policy' }).first().click();
  await page.getByRole('heading', { name: 'Add Policy', level: 1 }).waitFor();
  await fillPolicy('nightly', 'not-this-one');
  await page.getByRole('button', { name: 'Test Connection' }).click();
  await page.getByText('The store cannot be used yet.').waitFor({ timeout: SHORT_MS });
  await page.getByLabel('Secret key', { exact: true }).fill(String(store['secretKey']));
  await page.getByRole('button', { name: 'Test Connection' }).click();
  await page.getByText('The store can be used.').waitFor({ timeout: SHORT_MS });
  await page.getByRole('button', { name: 'Add Policy' }).click();
  await page.getByRole('heading', { name: 'nightly', level: 1 }).waitFor();
  await page.getByRole('main').getByText('Active', { exact: true }).waitFor({ timeout: SHORT_MS });
});

it('attaches the database and sees the first full come', async () => {
  await page.getByRole('combobox', { name: 'Database to attach' }).click();
  await page.getByRole('option', { name: /^orders/ }).click();
  await page.getByRole('button', { name: 'Attach', exact: true }).click();
  await page.getByText('orders is attached and backed up').waitFor({ timeout: LONG_MS });
  await page.getByRole('main').getByRole('link', { name: 'orders', exact: true }).first().click();
  await page.getByRole('heading', { name: 'orders', level: 1 }).waitFor();
});

it('takes a manual backup', async () => {
  await page.getByRole('button', { name: 'Manual Backup' }).click();
  await page.getByRole('radio', { name: 'Incremental' }).check();
  await page.getByRole('button', { name: 'Start backup' }).click();
  await page.getByRole('tab', { name: 'Backups' }).click();
  const chains = page.getByRole('list', { name: 'Backups' });
  await expect.poll(() => chains.getByText('Completed', { exact: true }).count(), { timeout: LONG_MS }).toBe(2);
});

it('loses the table, and brings it back to the second before by the time line', async () => {
  const second = await noteSecond(writer);
  await writer.pause();
  await writer.drop();
  await page.getByRole('tab', { name: 'Restore PITR' }).click();
  await page.getByLabel('Restore to (UTC)').fill(second.toISOString().slice(0, 19));
  await page.getByRole('button', { name: 'Restore orders…' }).click({ timeout: SHORT_MS });
  const dialog = page.getByRole('dialog', { name: 'Restore orders?' });
  await dialog.getByLabel('Type orders to confirm').fill('orders');
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
  await page.getByText('orders is restored').waitFor({ timeout: LONG_MS });
  await page.getByText('A new full backup has been taken').waitFor({ timeout: LONG_MS });
  expect(await writer.read()).toEqual(writer.committedBefore(second));
});

it('is told of three failures in a row, and resets them once their cause is mended', async () => {
  const [accessKey, secretKey] = [String(store['accessKey']), String(store['secretKey'])];
  await page.getByRole('link', { name: 'Backup Policies' }).click();
  await page.getByRole('link', { name: 'nightly' }).click();
  await house.lab.s3.changeSecret(accessKey, randomBytes(20).toString('hex'));
  const databaseId = String((await house.api.get<{ items: Answer[] }>('/databases')).items[0]?.['id']);
  for (let failure = 1; failure <= 3; failure++) {
    const task = await house.api.post<Task>(`/databases/${databaseId}/backups`, { kind: 'full' });
    await expect(house.api.waitForTask(task.id)).rejects.toThrow(/store-credentials-refused/);
  }
  const banner = page.getByRole('alert', { name: 'The policy is paused: 3 failed backups in a row' });
  await banner.getByText(/^Last error: orders/).waitFor({ timeout: SHORT_MS });
  await house.lab.s3.changeSecret(accessKey, secretKey);
  await banner.getByRole('button', { name: 'Reset Failures' }).click();
  await banner.waitFor({ state: 'detached', timeout: SHORT_MS });
  await page.getByRole('main').getByText('Active', { exact: true }).first().waitFor({ timeout: SHORT_MS });
});

it('shows another user nothing of it, and what an admin does for them', async () => {
  const anns = await openBrowser();
  await signIn(anns, ann.email, ann.password);
  await anns.getByRole('heading', { name: 'Databases', level: 1 }).waitFor();
  await anns.getByText('No database yet').waitFor();
  await anns.getByRole('link', { name: 'Backup Policies' }).click();
  await anns.getByText('No backup policy yet').waitFor();
  await page.getByRole('link', { name: 'All policies' }).click();
  await page.getByRole('link', { name: 'Add Policy' }).first().click();
  await page.getByRole('heading', { name: 'Add Policy', level: 1 }).waitFor();
  await page.getByRole('combobox', { name: 'Owner' }).click();
  await page.getByRole('option', { name: /^Ann/ }).click();
  await fillPolicy('weekly', String(store['secretKey']));
  await page.getByRole('button', { name: 'Add Policy' }).click();
  await page.getByText('of Ann (ann@example.com)').waitFor({ timeout: SHORT_MS });
  await anns.getByRole('link', { name: 'weekly' }).click({ timeout: SHORT_MS });
  await anns.getByRole('main').getByText('Active', { exact: true }).waitFor({ timeout: SHORT_MS });
  expect(await anns.content()).not.toMatch(/orders|nightly/);
  await anns.context().close();
});

it('detaches the database', async () => {
  await page.getByRole('link', { name: 'Backup Policies' }).click();
  await page.getByRole('link', { name: 'nightly' }).click();
  await page.getByRole('button', { name: 'Detach orders' }).click({ timeout: SHORT_MS });
  await page.getByRole('dialog', { name: 'Detach orders' }).getByRole('button', { name: 'Detach', exact: true }).click();
  await page.getByText('No database is attached yet').waitFor({ timeout: LONG_MS });
});

async function openBrowser(): Promise<Page> {
  const context = await browser.newContext({ baseURL: house.product.apiUrl, viewport: { width: 1280, height: 800 } });
  const opened = await context.newPage();
  watchForComplaints(opened, house.product.apiUrl, (complaint) => void complaints.push(complaint));
  return opened;
}

async function signIn(on: Page, email: string, password: string): Promise<void> {
  await on.goto('/');
  await on.getByLabel('E-mail address').fill(email);
  await on.getByLabel('Password', { exact: true }).fill(password);
  await on.getByRole('button', { name: 'Sign in' }).click();
}

async function fillPolicy(name: string, secretKey: string): Promise<void> {
  const { endpoint, region, bucket, accessKey, caPem } = store;
  await page.getByLabel('Name', { exact: true }).fill(name);
  const fields = { Endpoint: endpoint, Region: region, Bucket: bucket, 'Access key': accessKey, 'Secret key': secretKey };
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(String(value));
  await page.getByLabel('CA certificate').fill(String(caPem));
}

async function next(): Promise<void> {
  await page.getByRole('button', { name: 'Next' }).click();
}

/** What the panel tells to run on the host of the database. */
async function onHost(commands: string): Promise<string> {
  const { exitCode, stdout, stderr } = await house.lab.exec('pg-primary', ['bash', '-s'], { input: commands });
  expect(exitCode, stderr).toBe(0);
  return stdout;
}
