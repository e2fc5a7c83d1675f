import { describe, expect, it } from 'vitest';
import { password, usePanel, type Visitor } from './browser.ts';

const panel = usePanel();

/** The password was given longer ago than what follows wants. */
async function growOld({ id }: Visitor): Promise<void> {
  const confirmed_at = new Date(Date.now() - 3_600_000);
  await panel.api.db.updateTable('sessions').set({ confirmed_at }).where('user_id', '=', id).execute();
}

describe('the account', () => {
  it('is shown, and its name can be changed', async () => {
    const { page, open, inspect } = await panel.visit();
    await open('/account');
    await page.getByText('this one').waitFor();
    await inspect('account');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Ada');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await page.reload();
    await expect.poll(() => page.getByRole('textbox', { name: 'Name', exact: true }).inputValue()).toBe('Ada');
    expect(await page.getByLabel("Mails about everybody's policies").count()).toBe(0);
  });

  it('lets admins have the mails of everybody', async () => {
    const { page, id, open } = await panel.visit({ role: 'admin' });
    await open('/account');
    await page.getByLabel("Mails about everybody's policies").check();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    const user = await panel.api.db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    expect(user.receives_all_notices).toBe(true);
  });

  it('says at the fields what is wrong with a new password, and takes a good one', async () => {
    const { page, open } = await panel.visit();
    await open('/account');
    panel.expectComplaint(/400 \(Bad Request\)/);
    const enter = async (current: string, chosen: string): Promise<void> => {
      await page.getByLabel('Current password').fill(current);
      await page.getByLabel(/^New password \*$/).fill(chosen);
      await page.getByLabel('New password again').fill(chosen);
      await page.getByRole('button', { name: 'Change the password' }).click();
    };
    await enter('not this one', 'seven white herons at dusk');
    await page.getByText('is wrong', { exact: true }).waitFor();
    await enter(password, 'aaaaaaaaaaaaaaaa');
    await page.getByText('needs at least 6 different characters', { exact: true }).waitFor();
    await enter(password, 'seven white herons at dusk');
    await page.getByText('The password is changed.').waitFor();
  });

  it('makes a token after the password was given again, shows it once, and revokes it', async () => {
    const visitor = await panel.visit();
    const { page, open, inspect } = visitor;
    await open('/account');
    await growOld(visitor);
    panel.expectComplaint(/40[13] \(.*\/(tokens|confirmations)/);
    await page.getByRole('button', { name: 'New token' }).click();
    await page.getByRole('dialog', { name: 'New API token' }).waitFor();
    await page.getByRole('textbox', { name: 'Name', exact: true }).last().fill('the nightly report');
    await page.getByLabel('Look and act').check();
    await inspect('account-new-token');
    await page.getByRole('button', { name: 'Make the token' }).click();
    const again = page.getByRole('dialog', { name: 'Your password again, please' });
    await again.getByLabel(/^Password/).fill('not this one');
    await again.getByRole('button', { name: 'Confirm' }).click();
    await again.getByText('The password is wrong').waitFor();
    await inspect('account-password-again');
    await again.getByLabel(/^Password/).fill(password);
    await again.getByRole('button', { name: 'Confirm' }).click();
    const secret = await page.getByRole('region', { name: 'Token', exact: true }).innerText();
    const answer = await fetch(`${panel.api.url}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } });
    expect(answer.status).toBe(200);
    await inspect('account-token');
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('row', { name: /the nightly report look and act never in 2 months/ }).waitFor();
    expect(await page.content()).not.toContain(secret);
    await page.getByRole('button', { name: 'Revoke the nightly report' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('There is none.').waitFor();
    expect((await fetch(`${panel.api.url}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } })).status).toBe(401);
  });

  it('lists the sessions, and ends another', async () => {
    const { page, email, open } = await panel.visit();
    const headers = { 'content-type': 'application/json', 'user-agent': 'curl/8.5.0' };
    await fetch(`${panel.api.url}/api/v1/sessions`, { method: 'POST', headers, body: JSON.stringify({ email, password }) });
    await open('/account');
    await page.getByRole('button', { name: 'End the session in curl/8.5.0' }).click();
    await expect.poll(() => page.getByRole('table', { name: 'Sessions' }).getByRole('row').count()).toBe(2);
    await page.getByText('this one').waitFor();
  });
});
