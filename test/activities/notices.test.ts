import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMailer } from '#activities/mail/mailer.ts';
import { createNoticeActivities } from '#activities/notices.ts';
import { createNetworkGuard } from '#activities/stores/networks.ts';
import { type ApiWorld, type Caller, startApiWorld } from '#test/api/world.ts';
import { addAttached } from '#test/api/fixtures.ts';
import { type MailServer, startMailServer } from '#lab/mail-server.ts';

let world: ApiWorld;
let caller: Caller;
let server: MailServer;
let of: { databaseId: string; policyId: string };

beforeAll(async () => {
  world = await startApiWorld();
  caller = await world.addCaller();
  of = await addAttached(world, caller.id);
});
afterAll(() => world.stop());
beforeEach(async () => {
  server = await startMailServer();
  return () => server.stop();
});

const run = async <I>(activity: (input: I) => Promise<void>, input: I): Promise<void> => {
  await new MockActivityEnvironment().run(activity, input);
};

const activities = async (url: string | undefined) => {
  const mailer = url === undefined ? undefined : await createMailer({ url, from: 'tidemark@example.com' });
  return createNoticeActivities({
    db: world.db,
    sealer: world.sealer,
    guard: createNetworkGuard({ allowed: [] }),
    mailer,
    publicUrl: 'https://t.example.com',
  });
};

const failed = (event: string) =>
  ({ ...of, event, kind: 'backup-failed', message: 'no network', code: 'store-unreachable', consecutive: 1, at: Date.now() }) as const;

const rows = (event: string) => world.db.selectFrom('notices').selectAll().where('event', '=', event).execute();

describe('a notice', () => {
  it('is written once and sent once, to the owner, whatever is tried again', async () => {
    const event = randomUUID();
    const { recordNotice, sendNotice } = await activities(server.url);
    for (let times = 0; times < 3; times++) await run(recordNotice, failed(event));
    for (let times = 0; times < 3; times++) await run(sendNotice, { event });
    expect(server.received).toHaveLength(1);
    const [mail = ''] = server.received;
    expect(mail).not.toContain('canary');
    expect(mail).toContain(`To: ${caller.id}@example.com`);
    expect(mail).toContain('Subject: [Tidemark] Backup Failed');
    expect(mail).toContain(`https://t.example.com/databases/${of.databaseId}`);
    expect(mail).toMatch(/Content-Type: text\/plain[^]*Content-Type: text\/html/);
    expect(await rows(event)).toMatchObject([{ sent_at: expect.any(Date) as Date, last_error: null }]);
  });

  it('also goes to the admins who want all of them, and waits for nobody whose address is refused', async () => {
    const [eager, other] = [await world.addCaller('admin'), await world.addCaller('admin')];
    const bystander = await world.addCaller();
    expect((await eager.ask('PATCH', '/me', { receivesAllNotices: true })).body).toMatchObject({ id: eager.id, receivesAllNotices: true });
    expect((await bystander.ask('PATCH', '/me', { receivesAllNotices: true })).body).toMatchObject({ status: 403 });
    const event = randomUUID();
    const { recordNotice, sendNotice } = await activities(server.url);
    for (let times = 0; times < 2; times++) await run(recordNotice, failed(event));
    server.refused.add(`${caller.id}@example.com`);
    await expect(run(sendNotice, { event })).rejects.toMatchObject({ type: 'mail-failed' });
    expect(server.received.map((mail) => /^To: (.*)$/m.exec(mail)?.[1]?.trim())).toEqual([`${eager.id}@example.com`]);
    const { body } = await other.ask('GET', '/notices');
    const shown = (body['items'] as Record<string, unknown>[]).slice(0, 2);
    expect(shown.find(({ recipient }) => recipient === `${caller.id}@example.com`)).toMatchObject({
      sentAt: null,
      lastError: expect.stringContaining('no such mailbox') as string,
    });
    expect((await bystander.ask('GET', '/notices')).status).toBe(403);
    server.refused.clear();
    await run(sendNotice, { event });
    expect(server.received).toHaveLength(2);
    await eager.ask('PATCH', '/me', { receivesAllNotices: false });
  });

  it('shows why it is not sent while the server refuses it, and is sent when it no longer does', async () => {
    const event = randomUUID();
    const { recordNotice, sendNotice } = await activities(server.url);
    await run(recordNotice, failed(event));
    server.refuseWith = 'mailbox full';
    await expect(run(sendNotice, { event })).rejects.toMatchObject({ type: 'mail-failed', nonRetryable: false });
    expect(await rows(event)).toMatchObject([{ sent_at: null, last_error: expect.stringContaining('mailbox full') as string }]);
    server.refuseWith = null;
    await run(sendNotice, { event });
    expect(server.received).toHaveLength(1);
  });

  it('names the server that is down, and never its password', async () => {
    const event = randomUUID();
    await server.stop();
    const { recordNotice, sendNotice } = await activities(server.url);
    await run(recordNotice, failed(event));
    await expect(run(sendNotice, { event })).rejects.toMatchObject({ type: 'mail-failed' });
    const [row] = await rows(event);
    expect(row?.last_error).toContain(`127.0.0.1:${server.port}`);
    expect(row?.last_error).not.toContain('canary');
    server = await startMailServer();
  });

  it('reaches a server that takes its time, once; one that never answers is given up, and named', async () => {
    const event = randomUUID();
    const { recordNotice, sendNotice } = await activities(server.url);
    await run(recordNotice, failed(event));
    server.delayMs = Infinity;
    await expect(run(sendNotice, { event })).rejects.toMatchObject({ type: 'mail-failed', nonRetryable: false });
    expect(await rows(event)).toMatchObject([
      { sent_at: null, last_error: expect.stringMatching(/127\.0\.0\.1:\d+ .*(?:timeout|greeting)/i) as string },
    ]);
    server.delayMs = 1_000;
    await run(sendNotice, { event });
    expect(server.received).toHaveLength(1);
  }, 30_000);

  it('waits in the outbox where no mail server is configured, says so, and is sent once there is one', async () => {
    const event = randomUUID();
    const { recordNotice, sendNotice } = await activities(undefined);
    await run(recordNotice, failed(event));
    await expect(run(sendNotice, { event })).rejects.toMatchObject({ type: 'mail-failed', nonRetryable: false });
    expect(await rows(event)).toMatchObject([{ sent_at: null, last_error: expect.stringContaining('TIDEMARK_MAIL_URL') as string }]);
    await run((await activities(server.url)).sendNotice, { event });
    expect(server.received).toHaveLength(1);
    expect(await rows(event)).toMatchObject([{ sent_at: expect.any(Date) as Date, last_error: null }]);
  });
});
