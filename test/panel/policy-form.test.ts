import { beforeAll, describe, expect, it } from 'vitest';
import { getPolicy, updatePolicy } from '#db/policies.ts';
import { addPolicy } from '#test/api/fixtures.ts';
import { type LiveWorld, startLiveWorld } from '#test/api/live-world.ts';
import { password, usePanel, type Visitor } from './browser.ts';

let live: LiveWorld;
const panel = usePanel(async (options) => {
  live = await startLiveWorld(options);
  return { ...live.world, stop: () => live.stop() };
});
beforeAll(() => live.startWorkers());

const store = { Endpoint: 's3.example.com', Bucket: 'backups', 'Access key': 'AKIAEXAMPLE', 'Secret key': 'not-a-real-secret' } as const;

async function fill({ page }: Visitor, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
}

describe('the form of a new policy', () => {
  it('shows the next five runs as one edits', async () => {
    const { page, open, inspect } = await panel.visit();
    await open('/policies/new');
    const runs = page.getByRole('list', { name: 'Next runs' }).getByRole('listitem');
    expect(await runs.count()).toBe(5);
    await page.getByRole('radio', { name: 'Daily' }).click();
    await page.getByLabel('Incremental backups', { exact: true }).selectOption('None');
    await page.getByLabel('Time (UTC)').fill('25:00');
    expect(await runs.count()).toBe(0);
    await page.getByLabel('Time (UTC)').fill('23:30');
    const shown = await runs.allInnerTexts();
    expect(shown.map((run) => run.replace(/\d{4}-\d\d-\d\d/g, 'DAY').replace(/^Full \w{3}/, 'Full WEEKDAY'))).toEqual(
      Array.from({ length: 5 }, () => 'Full WEEKDAY DAY 23:30 UTC (DAY 00:30 Europe/Berlin)'),
    );
    await page.getByText(/The next one: \d{4}-\d\d-\d\d 00:30:00 Europe\/Berlin, your time/).waitFor();
    await inspect('policy-new-runs');
  });

  it('tells what is kept, what PITR and what encryption mean, as one edits', async () => {
    const { page, open, inspect } = await panel.visit();
    await open('/policies/new');
    const kept = page.getByRole('list', { name: 'What is kept' });
    expect((await kept.innerText()).replaceAll(/\s+/g, ' ')).toBe(
      'Full backups: The newest 7 fulls: about 7 weeks Incremental backups: Those of the last 30 days: about 116 Restorable times: Any second of the last 72 hours',
    );
    await page.getByLabel('Fulls to keep').fill('1');
    await page.getByText('For all of the last 72 hours keep 2 fulls.', { exact: false }).waitFor();
    await page.getByRole('switch', { name: 'Point-in-time recovery' }).click();
    await kept.getByText('and no time in between').waitFor();
    expect(await page.getByLabel('Archive logs every (minutes)').count()).toBe(0);
    await page.getByRole('switch', { name: 'Encrypt the backups' }).click();
    await page.getByText('Whoever can read the bucket will be able to read everything').waitFor();
    await inspect('policy-new-below');
  });

  it('asks for what is missing, and shows what the API refuses beside its field', async () => {
    const visitor = await panel.visit();
    const { page, open, inspect } = visitor;
    await open('/policies/new');
    await page.getByRole('button', { name: 'Add Policy' }).click();
    await page.getByText('Give the policy a name').waitFor();
    expect(await page.evaluate('document.activeElement.dataset.path')).toBe('name');
    await page.getByRole('button', { name: 'Test Connection' }).click();
    await page.getByText('Which secret key?').waitFor();
    await fill(visitor, { Name: 'nightly', ...store, Bucket: 'No Bucket', Prefix: '/team', 'Fulls to keep': '2000' });
    panel.expectComplaint(/400 \(Bad Request\).*(policies|store-tests)/);
    await page.getByRole('button', { name: 'Add Policy' }).click();
    const wrong = async (label: string): Promise<string> => {
      const id = await page.getByLabel(label, { exact: true }).getAttribute('aria-describedby');
      return page.locator(`[id="${id?.split(' ').find((part) => part.endsWith('-error')) ?? 'none'}"]`).innerText();
    };
    await page.getByText('Must be 3 to 63 lower-case letters, digits, dots and dashes').first().waitFor();
    expect(await wrong('Bucket')).toMatch(/^Must be 3 to 63/);
    expect(await wrong('Prefix')).toMatch(/^Must be path segments/);
    expect(await wrong('Fulls to keep')).toMatch(/1000/);
    await inspect('policy-new-wrong');
    await fill(visitor, { 'Fulls to keep': '7' });
    await page.getByRole('button', { name: 'Test Connection' }).click();
    await expect.poll(() => wrong('Bucket')).toMatch(/^Must be 3 to 63/);
  });

  it('tells of a name that is taken beside the name', async () => {
    const visitor = await panel.visit();
    const { page, id, open } = visitor;
    await addPolicy(live.world, id, { name: 'nightly' });
    await open('/policies/new');
    await fill(visitor, { Name: 'nightly', ...store });
    panel.expectComplaint(/409 \(Conflict\).*policies/);
    await page.getByRole('button', { name: 'Add Policy' }).click();
    await page.getByText('There is already a policy named "nightly"').first().waitFor();
    expect(await page.evaluate('document.activeElement.dataset.path')).toBe('name');
  });

  it('lets an admin make one for somebody else', async () => {
    const owner = await panel.visit();
    const admin = await panel.visit({ role: 'admin' });
    const { page, open } = admin;
    await open('/policies/new');
    expect((await page.locator('form label').allInnerTexts()).slice(0, 2)).toEqual(['Owner', 'Name']);
    await fill(admin, { Name: 'theirs', ...store });
    await page.getByRole('combobox', { name: 'Owner' }).click();
    await page.getByRole('option', { name: new RegExp(owner.email) }).click();
    await page.getByRole('button', { name: 'Add Policy' }).click();
    await page.getByRole('heading', { name: 'theirs', level: 1 }).waitFor();
    await page.getByText(`(${owner.email})`).waitFor();
    await owner.open('/policies');
    await owner.page.getByRole('link', { name: 'theirs' }).waitFor();
    expect(await owner.page.getByRole('combobox', { name: 'Owner' }).count()).toBe(0);
  });
});

describe('the form of a policy that is edited', () => {
  it('asks for the password before less is kept, and changes only what was edited', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { db } = live.world;
    const policyId = await addPolicy(live.world, id, { name: 'nightly' });
    const before = await getPolicy(db, policyId);
    await db
      .updateTable('sessions')
      .set({ confirmed_at: new Date(0) })
      .where('user_id', '=', id)
      .execute();
    await open(`/policies/${policyId}/edit`);
    await inspect('policy-edit');
    await page.getByLabel('Fulls to keep').fill('3');
    panel.expectComplaint(/403 \(Forbidden\).*policies/);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByLabel(/^Password/).fill(password);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('heading', { name: 'nightly', level: 1, exact: true }).waitFor();
    const after = await getPolicy(db, policyId);
    expect(after).toMatchObject({ retention_fulls: 3, retention_incremental_days: 30, pitr_enabled: true, name: 'nightly' });
    expect(after.secret_key_sealed.equals(before.secret_key_sealed)).toBe(true);
  });

  it('does not overwrite what somebody else has changed meanwhile, and begins again with it', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const policyId = await addPolicy(live.world, id, { name: 'nightly' });
    await open(`/policies/${policyId}/edit`);
    await page.getByLabel('Name', { exact: true }).fill('mine');
    await updatePolicy(live.world.db, policyId, { log_archive_minutes: 17 });
    panel.expectComplaint(/412 \(Precondition Failed\)/);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByRole('alert').getByText('Somebody changed it since you looked.').waitFor();
    await inspect('policy-edited-meanwhile');
    await page.getByRole('button', { name: 'Begin again with what it is now' }).click();
    await expect.poll(() => page.getByLabel('Archive logs every (minutes)').inputValue()).toBe('17');
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('nightly');
    await page.getByLabel('Name', { exact: true }).fill('mine');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByRole('heading', { name: 'mine', level: 1, exact: true }).waitFor();
  });

  it('wants the secret key before it tests another place', async () => {
    const { page, id, open } = await panel.visit();
    const policyId = await addPolicy(live.world, id, { name: 'nightly' });
    await open(`/policies/${policyId}/edit`);
    await page.getByLabel('Bucket', { exact: true }).fill('elsewhere');
    await page.getByRole('button', { name: 'Test Connection' }).click();
    await page.getByText('Which secret key?').waitFor();
  });
});
