import { type AddressInfo, createServer } from 'node:net';
import { Server as SshServer, utils } from 'ssh2';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDatabase } from '#test/api/fixtures.ts';
import { startLiveWorld } from '#test/api/live-world.ts';
import { usePanel } from './browser.ts';

const panel = usePanel(async (options) => {
  const live = await startLiveWorld(options);
  await live.startWorkers();
  return { ...live.world, stop: () => live.stop() };
});

/** Shows its key, and lets nobody in. */
let closed: SshServer;
let sshPort: number;
let deadPort: number;
beforeAll(async () => {
  const { private: key } = utils.generateKeyPairSync('rsa', { bits: 2048 });
  closed = new SshServer({ hostKeys: [key] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => context.reject());
  });
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  sshPort = (closed.address() as AddressInfo).port;
  deadPort = await findDeadPort();
});
afterAll(() => void closed.close());

describe('Add Database', () => {
  it('says what is missing, and goes no further', async () => {
    const { page, open, inspect } = await panel.visit();
    await open('/databases/new');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('What is it called?').waitFor();
    await page.getByText('Where is it?').waitFor();
    await inspect('add-database');
    await open('/databases/new?step=check');
    await page.getByRole('heading', { name: 'Server', level: 2 }).waitFor();
  });

  it('leads by key, host key and check to the page of the new database, and loses nothing on the way back', async () => {
    const { page, id, open, inspect } = await panel.visit();
    await addDatabase(panel.api, id, { name: 'taken' });
    await open('/databases/new');
    await fillServer(page, { name: 'taken', port: sshPort });
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Make a key' }).click();
    const publicKey = await page.getByRole('region', { name: 'Public key' }).innerText();
    expect(publicKey).toMatch(/^ssh-ed25519 \S+ tidemark$/);
    expect(await page.getByRole('region', { name: 'Let the key log in' }).innerText()).toContain(publicKey);
    expect(await page.getByRole('region', { name: 'Let the user work as root without a password' }).innerText()).toContain(
      "echo 'dba ALL=(ALL:ALL) NOPASSWD: ALL' | sudo tee /etc/sudoers.d/tidemark-dba",
    );
    await inspect('add-database-key');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText(/^SHA256:/).waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('Compare the fingerprint first, and confirm it.').waitFor();
    await inspect('add-database-host-key');
    await page.getByLabel('The host says the same fingerprint').check();
    await page.getByRole('button', { name: 'Back' }).click();
    expect(await page.getByRole('region', { name: 'Public key' }).innerText()).toBe(publicKey);
    await page.goBack();
    await page.getByText(/^SHA256:/).waitFor();
    expect(await page.getByLabel('The host says the same fingerprint').isChecked()).toBe(true);
    await page.getByRole('button', { name: 'Next' }).click();
    const steps = page.getByRole('list', { name: 'Steps of the check' });
    await steps.getByText('refused the login of dba').waitFor();
    await steps.getByText("Put the public key into the user's authorized_keys").waitFor();
    await steps.getByRole('region', { name: 'Let the key log in' }).waitFor();
    await inspect('add-database-check');
    await page.getByRole('button', { name: 'Try again' }).click();
    await steps.getByText('refused the login of dba').waitFor();
    panel.expectComplaint(/409/);
    await page.getByRole('button', { name: 'Save all the same' }).click();
    await page.getByText('Choose another name').waitFor();
    for (const _ of [1, 2, 3]) await page.getByRole('button', { name: 'Back' }).click();
    await page.getByLabel('Name', { exact: true }).fill('orders');
    for (const _ of [1, 2, 3]) await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Save all the same' }).click();
    await page.waitForURL(/\/databases\/[0-9a-f-]{36}$/);
    await page.getByRole('heading', { name: 'orders', level: 1 }).waitFor();
    await page
      .getByText(/^step login: .*refused the login of dba/)
      .first()
      .waitFor();
    await page.getByRole('link', { name: 'Attach to a policy' }).waitFor();
    const row = await panel.api.db.selectFrom('databases').selectAll().where('name', '=', 'orders').executeTakeFirstOrThrow();
    expect(row).toMatchObject({ ssh_user: 'dba', port: 5432, ssh_port: sshPort, host_key: expect.stringMatching(/^ssh-rsa /) });
  });

  it('says at which step it ends where nothing answers', async () => {
    const { page, open, inspect } = await panel.visit();
    await open('/databases/new');
    await fillServer(page, { name: 'billing', port: deadPort });
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('I bring a private key').check();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('Paste the private key.').waitFor();
    await page.getByLabel('Private key', { exact: true }).fill(utils.generateKeyPairSync('ed25519').private);
    await page.getByRole('button', { name: 'Next' }).click();
    const steps = page.getByRole('list', { name: 'Steps of the check' });
    await steps.getByText('Check the address, the port and firewalls, and that sshd runs.').waitFor();
    expect((await steps.innerText()).replaceAll(/\s+/g, ' ')).toMatch(/The host name is found ?: yes The SSH port can be reached ?: no/);
    await inspect('add-database-unreachable');
  });

  it('lets an admin choose for whom, and a replica its primary', async () => {
    const owner = await panel.visit();
    const primaryId = await addDatabase(panel.api, owner.id, { name: 'stock' });
    const { page, open, inspect } = await panel.visit({ role: 'admin' });
    await open('/databases/new');
    await fillServer(page, { name: 'stock-replica', port: sshPort });
    await page.getByRole('combobox', { name: 'For which user' }).click();
    await page.getByRole('option', { name: owner.email }).click();
    await page.getByLabel('Replica of a primary that Tidemark knows').check();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('Of which primary?').waitFor();
    await page.getByRole('combobox', { name: 'Its primary' }).click();
    await page.getByRole('option', { name: /^stock / }).click();
    await inspect('add-database-replica');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Make a key' }).click();
    await page.getByRole('region', { name: 'Public key' }).waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('The host says the same fingerprint').check();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Save all the same' }).click();
    await page.getByRole('heading', { name: 'stock-replica', level: 1 }).waitFor();
    await page.getByText(owner.email).waitFor();
    const row = await panel.api.db.selectFrom('databases').selectAll().where('name', '=', 'stock-replica').executeTakeFirstOrThrow();
    expect(row).toMatchObject({ owner_id: owner.id, primary_id: primaryId, role: 'replica' });
  });
});

async function fillServer(page: Page, { name, port }: { name: string; port: number }): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Host name or address').fill('127.0.0.1');
  await page.getByLabel('SSH user').fill('dba');
  await page.getByLabel('SSH port').fill(String(port));
}

/** Where nothing listens any more. */
async function findDeadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
