import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'express';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ChangeEvent } from '#api/changes.ts';
import { sendEvents } from '#api/event-stream.ts';
import { reportProgress } from '#db/tasks.ts';
import { z } from 'zod';
import { addAttached, addBackup, addTask } from './fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.stop());

interface Heard {
  readonly events: { readonly type: string; readonly data: Record<string, unknown> }[];
  readonly ended: Promise<void>;
}

describe('the event stream', () => {
  it('tells an owner what changes, and an admin too, and nobody else', async () => {
    const [owner, other, admin] = [await world.addCaller(), await world.addCaller(), await world.addCaller('admin')];
    const of = await addAttached(world, owner.id);
    const taskId = await addTask(world.db, owner.id, of.databaseId);
    const heard = await Promise.all([owner, admin, other].map(listen));
    await reportProgress(world.db, taskId, 1, 2);
    const backupId = await addBackup(world.db, of);
    await world.db.updateTable('attachments').set({ pitr_status: 'error' }).where('database_id', '=', of.databaseId).execute();
    const { databaseId, policyId } = of;
    const expected = [
      { type: 'missed', data: {} },
      { type: 'change', data: { kind: 'task', id: taskId, databaseId, policyId: null } },
      { type: 'change', data: { kind: 'backup', id: backupId, databaseId, policyId } },
      { type: 'change', data: { kind: 'attachment', id: databaseId, databaseId, policyId } },
    ];
    await eventually(() => expect(heard.map(({ events }) => events)).toEqual([expected, expected, expected.slice(0, 1)]));
  });

  it('tells a change when it is committed, and none that is rolled back or changes nothing', async () => {
    const owner = await world.addCaller();
    const { databaseId } = await addAttached(world, owner.id);
    const { events } = await listen(owner);
    const set = (status_message: string | null) => world.db.updateTable('databases').set({ status_message }).where('id', '=', databaseId);
    await set(null).execute();
    const rolledBack = world.db.transaction().execute(async (transaction) => {
      await transaction.updateTable('databases').set({ status_message: 'no' }).where('id', '=', databaseId).execute();
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    await set('seen').execute();
    await eventually(() =>
      expect(events.slice(1)).toEqual([{ type: 'change', data: { kind: 'database', id: databaseId, databaseId, policyId: null } }]),
    );
  });

  it('goes on when its connection to the catalogue breaks, and says that something may have been missed', async () => {
    const owner = await world.addCaller();
    const { events } = await listen(owner);
    const { rows } = await sql<{ ended: boolean }>`
      select pg_terminate_backend(pid) as ended from pg_stat_activity
      where datname = current_database() and query in ('listen tidemark_changes', 'select 1')`.execute(world.db);
    expect(rows).toEqual([{ ended: true }]);
    await eventually(() => expect(events.map(({ type }) => type)).toEqual(['missed', 'missed']));
    const taskId = await addTask(world.db, owner.id, (await addAttached(world, owner.id)).databaseId);
    await eventually(() => expect(events.map(({ data }) => data['id'])).toContain(taskId));
  });

  it('is asked for by HEAD without being opened', async () => {
    const owner = await world.addCaller();
    for (let asked = 0; asked < 30; asked++) expect((await owner.send('HEAD', '/events')).status).toBe(200);
  });

  it('is open so many times at once, and no more', async () => {
    const owner = await world.addCaller();
    const streams = await Promise.all(Array.from({ length: 20 }, () => owner.send('GET', '/events')));
    expect(streams.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect((await owner.ask('GET', '/events')).body).toMatchObject({ status: 429, code: 'too-many-attempts' });
    await streams[0]?.body?.cancel();
    await eventually(async () => expect((await owner.ask('GET', '/events')).status).toBe(200));
    for (const { body } of streams.slice(1)) await body?.cancel();
  });
});

it('ends for whom was signed out, without having kept the session in use', { timeout: 60_000 }, async () => {
  const owner = await world.addCaller();
  const stayed = await listen(owner);
  const seenAt = async () => (await sessionOf(owner).executeTakeFirst())?.last_seen_at;
  const before = await seenAt();
  expect(before).toBeInstanceOf(Date);
  await sleep(16_000);
  expect(await seenAt()).toEqual(before);
  await world.db.deleteFrom('sessions').where('user_id', '=', owner.id).execute();
  await stayed.ended;
});

it('tells nothing more to whom it has ended for, however slowly they read', async () => {
  const told: ((event: ChangeEvent) => void)[] = [];
  let sent: Promise<void> | undefined;
  const server = createServer((request, response) => {
    const asExpress = response as unknown as Response;
    sent = sendEvents(
      asExpress,
      z.unknown(),
      (tell) => (told.push(tell), () => undefined),
      () => Promise.resolve(true),
    );
    request.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
  await eventually(() => expect(told).toHaveLength(1));
  const change = { kind: 'task', id: 'x'.repeat(600_000), ownerId: 'o', databaseId: null, policyId: null } as const;
  for (const event of [{ type: 'change', change }, { type: 'stopped' }, { type: 'change', change }] as const) told[0]?.(event);
  await sleep(100);
  socket.destroy();
  await sent;
  server.close();
  await once(server, 'close');
});

it('ends when the API stops', async () => {
  const stopping = await startApiWorld();
  const { ended } = await listen(await stopping.addCaller());
  await stopping.stop();
  await ended;
});

function eventually(assertion: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(assertion, { timeout: 10_000, interval: 50 });
}

function sessionOf({ id }: Caller) {
  return world.db.selectFrom('sessions').select('last_seen_at').where('user_id', '=', id);
}

/** From the first event on. */
async function listen(caller: Caller): Promise<Heard> {
  const response = await caller.send('GET', '/events');
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events: Heard['events'] = [];
  const stream = response.body?.pipeThrough(new TextDecoderStream());
  const ended = (async () => {
    let text = '';
    for await (const piece of stream ?? []) {
      const messages = `${text}${piece}`.split('\n\n');
      text = messages.pop() ?? '';
      for (const message of messages) {
        const [, type, data] = /^event: (\w+)\ndata: (.*)$/.exec(message) ?? [];
        if (type !== undefined && data !== undefined) events.push({ type, data: JSON.parse(data) as Record<string, unknown> });
      }
    }
  })();
  await eventually(() => expect(events.length).toBeGreaterThan(0));
  return { events, ended };
}
