import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMetricsListener } from '#api/metrics.ts';
import { insertNotice } from '#db/notices.ts';
import { markPitr } from '#db/attachments.ts';
import { randomUUID } from 'node:crypto';
import { addAttached, addBackup, addPolicy, addTask } from './fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

const HOUR = 3_600_000;
let world: ApiWorld;
let caller: Caller;
let server: Server;
let url: string;

beforeAll(async () => {
  world = await startApiWorld();
  caller = await world.addCaller();
  server = createServer(createMetricsListener(world.db)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await world.stop();
});

it('tells of every attached database when it last succeeded, whether it is overdue, and whether its log archiving is in trouble', async () => {
  const [late, fine] = [await addAttached(world, caller.id), await addAttached(world, caller.id)];
  const at = Date.now() - 13 * HOUR;
  await addBackup(world.db, late, { at });
  await addBackup(world.db, fine, { at: Date.now() - HOUR });
  await markPitr(world.db, late.databaseId, 'error', 'WAL 000A waits');
  const lines = await scrape();
  const labels = async (of: { databaseId: string; policyId: string }): Promise<string> => {
    const [database, policy] = [
      await caller.ask('GET', `/databases/${of.databaseId}`),
      await caller.ask('GET', `/policies/${of.policyId}`),
    ];
    return `{database="${String(database.body['name'])}",policy="${String(policy.body['name'])}",database_id="${of.databaseId}"}`;
  };
  expect(lines).toContain(`tidemark_database_overdue${await labels(late)} 1`);
  expect(lines).toContain(`tidemark_database_overdue${await labels(fine)} 0`);
  expect(lines).toContain(`tidemark_database_pitr_error${await labels(late)} 1`);
  expect(lines).toContain(`tidemark_database_last_success_timestamp_seconds${await labels(late)} ${at / 1000}`);
});

it('counts policies, tasks and mails that wait', async () => {
  const { databaseId } = await addAttached(world, caller.id);
  await addTask(world.db, caller.id, databaseId);
  await world.db.updateTable('policies').set({ status: 'active' }).execute();
  await addPolicy(world, caller.id);
  const words = { kind: 'backup-failed', subject: 's', body_text: 't', body_html: 'h' } as const;
  await insertNotice(world.db, { id: randomUUID(), recipient_id: caller.id, event: 'an event', ...words });
  const lines = await scrape();
  expect(lines).toContain('tidemark_policies{status="active"} 3');
  expect(lines).toContain('tidemark_policies{status="validating"} 1');
  expect(lines).toContain('tidemark_policies{status="paused"} 0');
  expect(lines).toContain('tidemark_tasks{status="queued"} 1');
  expect(lines).toContain('tidemark_tasks_ended_last_day{status="failed"} 0');
  expect(lines).toContain('tidemark_notices_unsent 1');
});

it('is at no other place', async () => {
  expect((await fetch(`${url}/`)).status).toBe(404);
});

async function scrape(): Promise<string[]> {
  const answer = await fetch(`${url}/metrics`);
  expect(answer.status).toBe(200);
  return (await answer.text()).split('\n');
}
