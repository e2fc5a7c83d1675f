import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '#domain/errors.ts';
import { type Answer, type ApiClient, ApiProblem, type Task } from './client.ts';
import type { Lab } from './lab.ts';
import type { MailServer } from './mail-server.ts';
import { type Steps, type StoryEnd, waitForPolicy } from './story.ts';

const FAILURES_UNTIL_PAUSED = 3;
const MAILS_WITHIN_MS = 60_000;
const FREE_WITHIN_MS = 120_000;

/** Somebody changes the secret key at the store: three failed backups, the policy paused, mails; then the key is corrected, and all goes on. */
export async function playFailureStreak(
  lab: Lab,
  api: ApiClient,
  { databaseId, policyId, store }: StoryEnd,
  mails: MailServer,
  steps: Steps,
): Promise<void> {
  const secretKey = randomBytes(20).toString('hex');
  const subjectsBefore = mails.received.length;
  await steps.run('Change the secret key at the store, and not in the policy', () =>
    lab.s3.changeSecret(String(store['accessKey']), secretKey),
  );
  await steps.run('Three backups fail', async (tell) => {
    for (let failure = 1; failure <= FAILURES_UNTIL_PAUSED; failure++) tell(await failedBackup(api, databaseId));
  });
  await steps.run('The policy is paused, and its owner is told', async (tell) => {
    const { status, lastError } = await waitForStatus(api, policyId, 'paused');
    tell(`${String(status)}: ${String(lastError)}`);
    for (const subject of await waitForMails(mails, subjectsBefore, FAILURES_UNTIL_PAUSED + 1)) tell(`mail: ${subject}`);
  });
  await steps.run('Correct the key, Reset Failures, back up', async (tell) => {
    await api.patch(`/policies/${policyId}`, { secretKey });
    await api.post(`/policies/${policyId}/failure-resets`);
    await waitForPolicy(api, policyId);
    const task = await backUpWhenFree(api, databaseId);
    await api.waitForTask(task.id);
    const { status, consecutiveFailures } = await api.get(`/policies/${policyId}`);
    tell(`${String(status)}, ${String(consecutiveFailures)} failures in a row`);
  });
}

/** The new key is brought to the host first. */
async function backUpWhenFree(api: ApiClient, databaseId: string): Promise<Task> {
  for (const end = Date.now() + FREE_WITHIN_MS; ; await sleep(200)) {
    try {
      return await api.post<Task>(`/databases/${databaseId}/backups`, {});
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.code !== 'database-busy' || Date.now() > end) throw error;
    }
  }
}

/** The words of the failure. */
async function failedBackup(api: ApiClient, databaseId: string): Promise<string> {
  const task = await api.post<Task>(`/databases/${databaseId}/backups`, {});
  const failure = await api.waitForTask(task.id).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  if (failure === undefined) throw new Error('a backup with a wrong secret key was called completed');
  return failure;
}

async function waitForStatus(api: ApiClient, policyId: string, status: string): Promise<Answer> {
  for (let tries = 0; tries < 100; tries++) {
    const policy = await api.get(`/policies/${policyId}`);
    if (policy['status'] === status) return policy;
    await sleep(200);
  }
  throw new Error(`the policy did not become ${status}`);
}

async function waitForMails({ received }: MailServer, before: number, count: number): Promise<string[]> {
  for (const end = Date.now() + MAILS_WITHIN_MS; Date.now() < end; await sleep(200)) {
    if (received.length >= before + count) return received.slice(before).map((mail) => /^Subject: (.*)$/m.exec(mail)?.[1]?.trim() ?? '');
  }
  throw new Error(`${received.length - before} mails came instead of ${count}`);
}
