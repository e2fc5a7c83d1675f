import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { deleteAttachment } from '#db/attachments.ts';
import { updateDatabase } from '#db/databases.ts';
import { updatePolicy } from '#db/policies.ts';
import { beginTask, endTask, enterPhase, insertRestore, insertTask, reportProgress } from '#db/tasks.ts';
import { addAttached, addBackup, addDatabase, addLogs } from '#test/api/fixtures.ts';
import { password, usePanel } from './browser.ts';

const panel = usePanel();

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('the choice of a time', () => {
  it('is made on the time line, which shows window, holes and backups, and zooms', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { databaseId, hole } = await addHistory(id);
    await open(`/databases/${databaseId}/restore`);
    const line = page.getByRole('slider', { name: 'Recovery window' });
    await line.waitFor();
    await page.getByRole('list', { name: 'Holes' }).getByText('log-3 is gone from the bucket').waitFor();
    expect(await page.getByRole('list', { name: 'Times that can be restored' }).locator('> li').count()).toBe(2);
    expect(await line.locator('title').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringMatching(/^Can be restored/), expect.stringMatching(/^Hole from .*log-3 is gone/)]),
    );
    const marks = (kind: string) => line.locator('title', { hasText: `${kind} backup of` }).count();
    expect([await marks('Full'), await marks('Incremental')]).toEqual([2, 1]);
    await page.getByRole('radiogroup', { name: 'Shown range' }).getByText('Last hour').click();
    await expect.poll(() => marks('Full'), { timeout: 5_000 }).toBe(0);
    expect(page.url()).toContain('range=hour');
    const box = (await line.boundingBox()) ?? { width: 0, height: 0 };
    await line.click({ position: { x: box.width / 2, y: box.height / 2 } });
    await planOf(page).getByText('the incremental of').first().waitFor();
    const chosen = Date.parse(`${await timeField(page).inputValue()}Z`);
    expect(Math.abs(Date.now() - chosen - HOUR / 2)).toBeLessThan(2 * MINUTE);
    await page.getByRole('radiogroup', { name: 'Shown range' }).getByText('All').click();
    await timeField(page).fill(new Date(hole + 2 * HOUR).toISOString().slice(0, 19));
    panel.expectComplaint(/422/);
    await page.getByText('This cannot be restored').waitFor();
    await page.getByText('it lies in the hole from').waitFor();
    await inspect('restore-hole');
    await page.getByRole('button', { name: /^Nearest before/ }).click();
    await planOf(page).waitFor();
    expect(await timeField(page).inputValue()).toBe(new Date(hole).toISOString().slice(0, 19));
  });

  it('is made by keyboard, to the second, in UTC with the local time beside it, and stands in the address', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { databaseId } = await addHistory(id);
    const at = Math.floor((Date.now() - 5 * HOUR) / 1000) * 1000;
    await open(`/databases/${databaseId}/restore`);
    await timeField(page).fill(new Date(at).toISOString().slice(0, 19));
    const iso = (time: number) => new Date(time).toISOString().slice(0, 19);
    await page.getByText(`${iso(at).replace('T', ' ')} UTC is `).waitFor();
    await page.getByText('Europe/Berlin').first().waitFor();
    await page.getByRole('button', { name: '+1 s, later' }).click();
    expect(new URL(page.url()).searchParams.get('at')).toBe(`${iso(at + 1000)}Z`);
    await page.getByRole('slider', { name: 'Recovery window' }).press('PageDown');
    await expect.poll(() => timeField(page).inputValue()).toBe(iso(at + 1000 - MINUTE));
    await page.reload();
    const plan = await planOf(page).innerText();
    expect(plan.replaceAll(/\s+/g, ' ')).toMatch(
      /Base the full of .* 4 GB Incrementals the incremental of .* Logs \d+ to replay, [\d.]+ MB Disk about [\d.]+ GB have to be free .* Expected time about/,
    );
    await inspect('restore');
    await page.getByRole('button', { name: '5 minutes ago' }).click();
    await expect.poll(async () => Date.now() - Date.parse(`${await timeField(page).inputValue()}Z`)).toBeLessThan(6 * MINUTE);
    await page.getByRole('button', { name: 'Just before…' }).click();
    await page.getByRole('menuitem', { name: /^the hole from/ }).click();
    await planOf(page).waitFor();
  });

  it('stays as it is while Tidemark cannot answer, which is told as no refusal', async () => {
    const { page, id, open } = await panel.visit();
    const { databaseId } = await addHistory(id);
    await open(`/databases/${databaseId}/restore`);
    await page.getByRole('button', { name: '1 hour ago' }).click();
    const restore = page.getByRole('button', { name: /^Restore orders-/ });
    await restore.waitFor();
    let refused = 0;
    const problem = { code: 'catalogue-unavailable', status: 503, detail: 'the catalogue does not answer', hint: 'Try again.' };
    await page.route(/recovery-window|restore-plan/, (route) => {
      refused += 1;
      return route.fulfill({ status: 503, json: problem });
    });
    panel.expectComplaint(/503/);
    await updateDatabase(panel.api.db, databaseId, { name: 'orders-unanswered' });
    // each of the two is tried three times
    await expect.poll(() => refused, { timeout: 15_000 }).toBeGreaterThanOrEqual(6);
    await page.getByRole('slider', { name: 'Recovery window' }).waitFor();
    await planOf(page).waitFor();
    await restore.waitFor();
    await page.getByRole('button', { name: '+1 s, later' }).click();
    await page.getByRole('button', { name: 'Try again' }).waitFor({ timeout: 10_000 });
    expect(await page.getByText('This cannot be restored').count()).toBe(0);
    expect(await restore.count()).toBe(0);
  });

  it('says why there is none, and where to go instead', async () => {
    const { page, id, open, inspect } = await panel.visit();
    await open(`/databases/${await addDatabase(panel.api, id)}/restore`);
    await page.getByText('The reason: the database is not attached to a policy').waitFor();
    await page.getByRole('link', { name: 'To the backups' }).waitFor();
    await inspect('restore-none');
  });
});

describe('a restore', () => {
  it('begins after the plan, the advice, the typed name and a fresh password', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { databaseId } = await addHistory(id);
    await updateDatabase(panel.api.db, databaseId, { name: 'orders' });
    await open(`/databases/${databaseId}/restore`);
    expect(await page.getByRole('button', { name: 'Restore orders…' }).count()).toBe(0);
    await page.getByRole('button', { name: '1 hour ago' }).click();
    await page.getByRole('button', { name: 'Restore orders…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Restore orders?' });
    expect(await dialog.getByRole('button', { name: 'Restore' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Type orders to confirm').fill('orders');
    await inspect('restore-confirm');
    await panel.api.db
      .updateTable('sessions')
      .set({ confirmed_at: new Date(0) })
      .where('user_id', '=', id)
      .execute();
    panel.expectComplaint(/403|503/);
    await dialog.getByRole('button', { name: 'Restore' }).click();
    const again = page.getByRole('dialog', { name: 'Your password again, please' });
    await again.getByLabel(/^Password/).fill(password);
    await again.getByRole('button', { name: 'Confirm' }).click();
    await dialog.getByText('Temporal does not answer; nothing was started').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Take a manual backup first' }).click();
    await page.getByRole('region', { name: 'Restore', exact: true }).getByText('Temporal does not answer; nothing was started').waitFor();
  });

  it('cannot be called off once it is sent, and is not sent later by itself when there was no network', async () => {
    const { page, id, open } = await panel.visit();
    const { databaseId } = await addHistory(id);
    await updateDatabase(panel.api.db, databaseId, { name: 'orders-sent' });
    await open(`/databases/${databaseId}/restore`);
    await page.getByRole('button', { name: '1 hour ago' }).click();
    await page.getByRole('button', { name: 'Restore orders-sent…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Restore orders-sent?' });
    await dialog.getByLabel('Type orders-sent to confirm').fill('orders-sent');
    const address = `**/api/v1/databases/${databaseId}/restores`;
    const answers: (() => void)[] = [];
    const keys = new Set<string | undefined>();
    await page.route(address, async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      keys.add(route.request().headers()['idempotency-key']);
      await new Promise<void>((resolve) => answers.push(resolve));
      const problem = { code: 'request-running', status: 409, detail: 'it has not been answered yet', hint: 'Send it again.' };
      return answers.length === 1 ? route.fulfill({ status: 409, json: problem }) : route.continue();
    });
    panel.expectComplaint(/409|503|ERR_INTERNET_DISCONNECTED|events/);
    await dialog.getByRole('button', { name: 'Restore' }).click();
    await expect.poll(() => answers.length).toBe(1);
    await expect.poll(() => dialog.getByRole('button', { name: 'Cancel' }).isDisabled()).toBe(true);
    await page.keyboard.press('Escape');
    answers[0]?.();
    await expect.poll(() => answers.length, { timeout: 5_000 }).toBe(2);
    expect(await dialog.getByRole('button', { name: 'Cancel' }).isDisabled()).toBe(true);
    answers[1]?.();
    await dialog.getByText('Temporal does not answer; nothing was started').waitFor();
    expect(keys.size).toBe(1);
    await page.unroute(address);
    const sent: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && request.url().endsWith('/restores') && sent.push(request.url()));
    await page.context().setOffline(true);
    await dialog.getByRole('button', { name: 'Restore' }).click();
    await dialog.getByText('Tidemark does not answer').waitFor({ timeout: 10_000 });
    const count = sent.length;
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.context().setOffline(false);
    await page.getByText('reconnecting…').waitFor({ state: 'hidden', timeout: 15_000 });
    expect(sent).toHaveLength(count);
  });

  it('of one backup is begun from the list of backups', async () => {
    const { page, id, open } = await panel.visit();
    const { databaseId } = await addHistory(id);
    await open(`/databases/${databaseId}/backups`);
    await page.getByRole('link', { name: /^Restore the incremental of/ }).click();
    await page.getByRole('heading', { name: /^Restore the incremental backup of/ }).waitFor();
    await planOf(page).getByText('none: exactly the backup').waitFor();
    await page.getByRole('button', { name: /^Restore orders-/ }).waitFor();
  });

  it('of a backup that a former policy keeps is refused with the name of that policy', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { databaseId, policyId } = await addHistory(id);
    await updatePolicy(panel.api.db, policyId, { name: 'Former nightly' });
    await deleteAttachment(panel.api.db, databaseId, policyId);
    panel.expectComplaint(/409/);
    await open(`/databases/${databaseId}/backups`);
    await page.getByRole('link', { name: /^Restore the incremental of/ }).click();
    const refusal = page.getByRole('alert').filter({ hasText: 'This cannot be restored' });
    await refusal.getByText('attach it to "Former nightly" again, then restore').waitFor();
    expect(await page.getByRole('button', { name: /^Restore orders-/ }).count()).toBe(0);
    await inspect('restore-former-policy');
  });

  it('is followed by its phases to its end: what was restored, and the new full that runs', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { db } = panel.api;
    const { databaseId, policyId } = await addHistory(id);
    const [restoreId, taskId] = [crypto.randomUUID(), crypto.randomUUID()];
    await insertRestore(db, { id: restoreId, database_id: databaseId, policy_id: policyId, target_at: new Date('2026-11-20T10:00:05Z') });
    await insertTask(db, {
      id: taskId,
      kind: 'restore',
      owner_id: id,
      database_id: databaseId,
      policy_id: policyId,
      restore_id: restoreId,
    });
    await beginTask(db, taskId, `database-${databaseId}`);
    await enterPhase(db, taskId, 'Building the data directory beside the running one');
    await open(`/databases/${databaseId}/restore?at=${new Date(Date.now() - HOUR).toISOString().slice(0, 19)}Z`);
    await page.getByText('Restore is running: a restore can begin when it has ended.').waitFor();
    await page.getByRole('link', { name: 'To the restore' }).click();
    await page.getByRole('heading', { name: /to 2026-11-20 10:00:05 UTC/ }).waitFor();
    await inspect('restore-running');
    await enterPhase(db, taskId, 'Recovering up to the target in private');
    await reportProgress(db, taskId, 5_400, 14_400);
    await page.getByText('37.5 %').waitFor({ timeout: 5_000 });
    expect(await page.getByText('of the logs up to the target').count()).toBe(1);
    await enterPhase(db, taskId, 'Cleaning up');
    await page.getByRole('progressbar', { name: 'Cleaning up' }).waitFor();
    expect(await page.getByText('is restored').count()).toBe(0);
    await enterPhase(db, taskId, 'Backing up');
    await page.getByText('A new full backup is running').waitFor({ timeout: 5_000 });
    await page.getByText('It holds what it held at 2026-11-20 10:00:05 UTC (11:00:05 Europe/Berlin)').waitFor();
    await endTask(db, taskId, { status: 'completed' });
    await page.getByText('A new full backup has been taken').waitFor({ timeout: 5_000 });
    await inspect('restore-done');
    await page.getByRole('link', { name: 'Restore PITR' }).click();
    const history = page.getByRole('table', { name: 'Restores so far' });
    await history.getByRole('row', { name: /2026-11-20 10:00:05 UTC.*Completed/ }).waitFor();
  });
});

function timeField(page: Page) {
  return page.getByLabel('Restore to (UTC)');
}

function planOf(page: Page) {
  return page.getByRole('region', { name: /^Plan for/ });
}

/** Two stretches that can be restored, with a hole between them of which the beginning is told. */
async function addHistory(ownerId: string): Promise<{ databaseId: string; policyId: string; hole: number }> {
  const { db } = panel.api;
  const of = await addAttached(panel.api, ownerId);
  const now = Math.floor(Date.now() / 1000) * 1000;
  const hole = now - 40 * HOUR;
  await addBackup(db, of, { at: now - 50 * HOUR, logs: [1, 1] });
  const full = await addBackup(db, of, { at: now - 30 * HOUR, logs: [4, 4] });
  await addBackup(db, of, { at: now - 12 * HOUR, logs: [5, 5], parentId: full });
  await addLogs(db, of.databaseId, 1, 1, [now - 45 * HOUR, hole, null, now - 20 * HOUR, now - 6 * HOUR, now - 2 * MINUTE]);
  return { ...of, hole };
}
