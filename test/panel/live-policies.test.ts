import { beforeAll, describe, expect, it } from 'vitest';
import { updatePolicy } from '#db/policies.ts';
import { addDatabase, addPolicy } from '#test/api/fixtures.ts';
import { type LiveWorld, startLiveWorld } from '#test/api/live-world.ts';
import { usePanel, type Visitor } from './browser.ts';

let live: LiveWorld;
const panel = usePanel(async (options) => {
  live = await startLiveWorld(options);
  return { ...live.world, stop: () => live.stop() };
});
beforeAll(() => live.startWorkers());

async function fillStore({ page }: Visitor, keys: { accessKey: string; secretKey: string }): Promise<void> {
  const { endpoint, bucket, caPem = '' } = live.s3.address('backups');
  const fields = { Endpoint: endpoint, Bucket: bucket, Prefix: 'team', 'Access key': keys.accessKey, 'Secret key': keys.secretKey };
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByLabel('CA certificate').fill(caPem);
}

describe('a new policy', () => {
  it('is tested right by right, mended, tested again, and added', async () => {
    const visitor = await panel.visit();
    const { page, open, inspect } = visitor;
    const somebody = await live.s3.createUser('panel');
    await live.s3.grantAllBut('backups', somebody, ['s3:DeleteObject']);
    await open('/policies/new');
    await page.getByLabel('Name').fill('nightly');
    await fillStore(visitor, somebody);
    await page.getByRole('button', { name: 'Test Connection' }).click();
    const result = page.getByRole('status', { name: 'Result of Test Connection' });
    await result.getByText('The store cannot be used yet.').waitFor({ timeout: 30_000 });
    const lines = (await result.getByRole('listitem').allInnerTexts()).map((line) => line.replaceAll(/\s+/g, ' '));
    expect(lines[0]).toBe('Connect and sign in: works');
    expect(lines.at(-1)).toMatch(/Delete what was written \(s3:DeleteObject\): failed .* Give the access key the named right/);
    await inspect('policy-test-failed');
    await live.s3.grantAllBut('backups', somebody, []);
    await page.getByRole('button', { name: 'Test Connection' }).click();
    await result.getByText('The store can be used.').waitFor({ timeout: 30_000 });
    await page.getByLabel('Prefix').fill('other');
    await page.getByText('The settings have changed since they were tested.').waitFor();
    await page.getByRole('button', { name: 'Add Policy' }).click();
    await page.getByRole('heading', { name: 'nightly', level: 1 }).waitFor();
    await page.getByRole('main').getByText('Active', { exact: true }).waitFor({ timeout: 30_000 });
    expect(await page.getByRole('region', { name: 'S3 Configuration' }).innerText()).toMatch(/Credentials Verified\s+20\d\d-/);
  });
});

describe('a policy with trouble', () => {
  /** Of a store that is there, but for its bucket. */
  async function addBroken({ page }: Visitor): Promise<string> {
    const { endpoint, region, accessKey, secretKey, caPem } = live.s3.address('nowhere');
    const answer = await page.context().request.post('/api/v1/policies', {
      data: { name: 'nightly', store: { endpoint, region, bucket: 'nowhere', prefix: '', accessKey, secretKey, caPem } },
    });
    expect(answer.status()).toBe(201);
    return ((await answer.json()) as { id: string }).id;
  }

  it('says why its store cannot be used, also when it is tested, and is active once that is mended and its failures are reset', async () => {
    const visitor = await panel.visit();
    const { page, open, inspect } = visitor;
    await open(`/policies/${await addBroken(visitor)}`);
    const banner = page.getByRole('alert', { name: 'The store cannot be used' });
    await banner.getByText(/nowhere/).waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Test Connection' }).click();
    await page.getByText('Connect and sign in: failed').waitFor({ timeout: 30_000 });
    await inspect('policy-error');
    await live.s3.createBucket('nowhere');
    await page.getByRole('button', { name: 'Reset Failures' }).click();
    await banner.waitFor({ state: 'detached', timeout: 30_000 });
    await page.getByRole('main').getByText('Active', { exact: true }).waitFor({ timeout: 30_000 });
  });

  it('goes on after Reset Failures', async () => {
    const { page, id, open } = await panel.visit();
    const { accessKey, ...place } = live.s3.address('backups');
    const policyId = await addPolicy(live.world, id, { name: 'nightly' });
    const { endpoint, bucket, caPem = null } = place;
    const secret_key_sealed = live.world.sealer.seal(place.secretKey, { table: 'policies', row: policyId, column: 'secret_key_sealed' });
    await updatePolicy(live.world.db, policyId, { endpoint, bucket, ca_pem: caPem, access_key: accessKey, secret_key_sealed });
    await updatePolicy(live.world.db, policyId, { status: 'paused', consecutive_failures: 3, last_error: 'orders: no space left' });
    await open(`/policies/${policyId}`);
    await page.getByText('The policy is paused: 3 failed backups in a row').waitFor();
    await page.getByRole('button', { name: 'Reset Failures' }).click();
    await page.getByRole('main').getByText('Active', { exact: true }).waitFor({ timeout: 30_000 });
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('refuses an attach in words while its store cannot be used', async () => {
    const visitor = await panel.visit();
    const { page, id, open, inspect } = visitor;
    const { endpoint, region, accessKey, secretKey, caPem } = live.s3.address('gone');
    const data = { name: 'gone', store: { endpoint, region, bucket: 'gone', accessKey, secretKey, caPem } };
    const answer = await page.context().request.post('/api/v1/policies', { data });
    await addDatabase(live.world, id, { name: 'orders' });
    await open(`/policies/${((await answer.json()) as { id: string }).id}`);
    await page.getByText('The store cannot be used').waitFor({ timeout: 30_000 });
    panel.expectComplaint(/409 \(Conflict\).*attachments/);
    await page.getByRole('combobox', { name: 'Database to attach' }).click();
    await page.getByRole('option', { name: /^orders/ }).click();
    await page.getByRole('button', { name: 'Attach', exact: true }).click();
    await page.getByRole('alert').getByText('Run Test Connection on the policy and correct what it reports').waitFor();
    await inspect('policy-attach-refused');
  });
});

describe('deleting a policy', () => {
  it('wants its name typed, keeps its backups, and can be taken back', async () => {
    const visitor = await panel.visit();
    const { page, id, open, inspect } = visitor;
    const policyId = await addPolicy(live.world, id, { name: 'nightly' });
    await open(`/policies/${policyId}`);
    await page.getByRole('button', { name: 'Delete policy' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete nightly' });
    expect(await dialog.getByRole('radio', { name: 'Keep them' }).isChecked()).toBe(true);
    expect(await dialog.getByRole('button', { name: 'Delete policy' }).isDisabled()).toBe(true);
    await inspect('policy-delete');
    await dialog.getByLabel('Type nightly to confirm').fill('nightly');
    panel.expectComplaint(/404 \(Not Found\).*policies/);
    await dialog.getByRole('button', { name: 'Delete policy' }).click();
    await page.getByRole('heading', { name: 'nightly was deleted', level: 1 }).waitFor({ timeout: 20_000 });
    await page.getByRole('button', { name: 'Take the deletion back' }).click();
    await page.getByRole('heading', { name: 'nightly', level: 1, exact: true }).waitFor({ timeout: 20_000 });
  });

  it('can take its backups along, and is seen to its end', async () => {
    const visitor = await panel.visit();
    const { page, open, inspect } = visitor;
    const { endpoint, region, accessKey, secretKey, caPem } = live.s3.address('backups');
    const data = { name: 'old', store: { endpoint, region, bucket: 'backups', accessKey, secretKey, caPem } };
    const answer = await page.context().request.post('/api/v1/policies', { data });
    await open(`/policies/${((await answer.json()) as { id: string }).id}`);
    await page.getByRole('button', { name: 'Delete policy' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete old' });
    await dialog.getByRole('radio', { name: 'Delete them' }).click();
    await dialog.getByLabel('Type old to confirm').fill('old');
    panel.expectComplaint(/404 \(Not Found\).*policies/);
    await dialog.getByRole('button', { name: 'Delete policy and backups' }).click();
    await page.getByText('Its backups have been removed from the bucket.').waitFor({ timeout: 30_000 });
    await inspect('policy-deleted-with-backups');
  });
});
