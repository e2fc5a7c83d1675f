import { describe, expect, it } from 'vitest';
import { beginTask, endTask, enterPhase, reportProgress } from '#db/tasks.ts';
import { addAttached, addDatabase, addTask } from '#test/api/fixtures.ts';
import { usePanel } from './browser.ts';

const panel = usePanel();

describe('the activity', () => {
  it('says what to begin with where nothing has run', async () => {
    const { page, open, inspect } = await panel.visit();
    await open('/activity');
    await page.getByText('Nothing has run yet').waitFor();
    await inspect('activity-empty');
  });

  it('lists the tasks with progress and errors, filters them, and is live', async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { db } = panel.api;
    const databaseId = await addDatabase(panel.api, id, { name: 'billing' });
    const failed = await addTask(db, id, databaseId);
    await beginTask(db, failed, 'database-1');
    await endTask(db, failed, { status: 'failed', error_code: 'disk-full', error_message: 'no space left on /srv' });
    const running = await addTask(db, id, databaseId);
    await beginTask(db, running, 'database-1');
    await enterPhase(db, running, 'Backing up');
    await reportProgress(db, running, 1_500_000_000, 4_000_000_000);
    await open('/activity');
    const row = page.getByRole('row', { name: /Backup billing – Running Backing up/ });
    await row.getByText('1.5 GB of 4 GB').waitFor();
    await page.getByRole('row', { name: /Backup billing – Failed No space left on \/srv/ }).waitFor();
    await inspect('activity');
    await reportProgress(db, running, 3_000_000_000, 4_000_000_000);
    await row.getByText('75 %').waitFor({ timeout: 5_000 });
    await page.getByRole('combobox', { name: 'Status' }).click();
    await page.getByRole('option', { name: 'Failed' }).click();
    await page.waitForURL(/status=failed/);
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
  });

  it("shows a task phase by phase, with its error and what can be done; nobody another's", async () => {
    const { page, id, open, inspect } = await panel.visit();
    const { db } = panel.api;
    const { databaseId } = await addAttached(panel.api, id);
    const task = await addTask(db, id, databaseId);
    await open(`/activity/${task}`);
    await page.getByText('Queued').waitFor();
    await beginTask(db, task, `database-${databaseId}`);
    await enterPhase(db, task, 'Checking the log archive');
    await page.getByText('Running', { exact: true }).waitFor({ timeout: 5_000 });
    await endTask(db, task, { status: 'failed', error_code: 'disk-full', error_message: 'no space left on /srv' });
    await page.getByText('Free space on the host.').waitFor({ timeout: 5_000 });
    const phases = page.getByLabel('Phases');
    expect(await phases.getByRole('img', { name: 'failed' }).count()).toBe(1);
    expect(await phases.getByRole('img', { name: 'done' }).count()).toBe(0);
    await inspect('task');
    const other = await panel.visit();
    panel.expectComplaint(/404 \(Not Found\)/);
    await other.open(`/activity/${task}`);
    await other.page.getByRole('alert').getByText(`There is no task ${task}`).waitFor();
  });
});
