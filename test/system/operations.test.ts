import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { quote } from '#activities/hosts/script.ts';
import { ApiProblem, type Task } from '#lab/client.ts';
import { createPolicy, createStore, registerPrimary } from '#lab/story.ts';
import { tryCommand } from '#standalone/commands.ts';
import { findCacheDir } from '#standalone/parts/cache.ts';
import { createProgress } from '#standalone/parts/progress.ts';
import { ensureTemporal } from '#standalone/parts/temporal.ts';
import { startTestProduct, type TestProduct, waitFor } from '../product.ts';
import { listBackups } from './edits.ts';

let house: TestProduct;
let policyId: string;
let databaseId: string;

beforeAll(async () => {
  house = await startTestProduct();
  databaseId = await registerPrimary(house.lab, house.api, 'orders', 'postgresql');
  policyId = await createPolicy(house.api, 'Daily', await createStore(house.lab, `operations-${Date.now().toString(36)}`));
  await house.api.waitForTask((await house.api.post<Task>(`/policies/${policyId}/attachments`, { databaseId })).id);
});
afterAll(() => house.stop());

const untilPolicyIs = (status: string): Promise<true> =>
  waitFor(`the policy ${status}`, async () => ((await house.api.get(`/policies/${policyId}`))['status'] === status ? true : undefined));
const listed = () => listBackups(house.api, { policyId, databaseId });
const untilListed = (count: number): Promise<unknown> =>
  waitFor(`backup ${count}`, async () => {
    const backups = await listed();
    return backups.length === count && backups.every(({ status }) => status === 'completed') ? true : undefined;
  });

it('every command of docs/operations.md does what it says', async () => {
  const document = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const commands = [...document.matchAll(/^ {4}(temporal .*)$/gm)].map(([, command = '']) => command);
  const binary = await ensureTemporal({ cacheDir: findCacheDir(process.env), progress: createProgress(() => undefined) });
  const environment = `export PATH=${quote(`${dirname(binary)}:${process.env['PATH'] ?? ''}`)} TEMPORAL_ADDRESS=${house.product.temporalAddress}\n`;
  const done = new Set<string>();
  const run = async (pattern: RegExp): Promise<string> => {
    const command = commands.find((known) => pattern.test(known)) ?? `nothing like ${pattern.source}`;
    done.add(command);
    const filled = command.replaceAll('<policyId>', policyId).replaceAll('<databaseId>', databaseId);
    const { exitCode, stdout, stderr } = await tryCommand('bash', ['-euc', environment + filled]);
    expect(exitCode, `${filled}\n${stdout}${stderr}`).toBe(0);
    return stdout;
  };
  const untilShown = (pattern: RegExp, text: string): Promise<true> =>
    waitFor(text, async () => ((await run(pattern)).includes(text) ? true : undefined));

  expect(await run(/query --workflow-id/)).toContain('active');
  await run(/--name pause/);
  await untilPolicyIs('paused');
  await untilShown(/TidemarkStatus IN/, `policy-${policyId}`);
  await run(/--name resume/);
  await untilPolicyIs('active');
  await run(/signal --workflow-id .* --name resetFailures/);
  await run(/--name resetFailures --query/);
  await untilPolicyIs('active');
  await run(/TidemarkFailures > 0/);
  await run(/--name manualBackup/);
  await untilListed(2);
  await untilShown(/TidemarkDatabase = /, `database-${databaseId}`);
  await run(/WorkflowType = "restoreDatabase"/);
  // its logs are still looked after when the backup is listed as completed
  const task = await waitFor('the database free', () =>
    house.api.post<Task>(`/databases/${databaseId}/backups`, { kind: 'full' }).catch((error: unknown) => {
      if (error instanceof ApiProblem && error.code === 'database-busy') return undefined;
      throw error;
    }),
  );
  await waitFor('the backup under way', async () => ((await listed()).length === 3 ? true : undefined));
  await run(/workflow cancel/);
  await house.api.waitForTask(task.id).catch(() => undefined);
  expect(await house.api.get<Task>(`/tasks/${task.id}`)).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('cancelled') as string },
  });
  expect(commands.filter((command) => !done.has(command))).toEqual([]);
});
