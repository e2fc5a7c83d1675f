import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMetricsListener } from '#api/metrics.ts';
import { markDeleted, markDeleting, updateBackup } from '#db/backups.ts';
import { insertNotice } from '#db/notices.ts';
import { updatePolicy } from '#db/policies.ts';
import { endTask, insertTask } from '#db/tasks.ts';
import type { TaskKind, TaskStatus } from '#domain/states.ts';
import { markPitr } from '#db/attachments.ts';
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { addAttached, addBackup, addLogs, addPolicy, addTask } from './fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

const HOUR = 3_600_000;
let world: ApiWorld;
let caller: Caller;
let server: Server;
let url: string;

beforeAll(async () => {
  world = await startApiWorld();
  caller = await world.addCaller();
  server = createServer(createMetricsListener(world.db, { settleMs: 0, sizesHoldMs: 0 })).listen(0, '127.0.0.1');
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
  expect(lines).toContain('tidemark_notices_unsent 1');
});

it('counts no mail that is not tried any more', async () => {
  await sql`update notices set created_at = now() - interval '7 days 1 minute'`.execute(world.db);
  expect(await scrape()).toContain('tidemark_notices_unsent 0');
});

it('tells how far the logs of a database with PITR are archived, and how many are missing', async () => {
  const [holed, off] = [await addAttached(world, caller.id, { generations: 2 }), await addAttached(world, caller.id)];
  const until = Date.now() - HOUR;
  await addLogs(world.db, holed.databaseId, 1, 1, [until + 5_000]);
  await addLogs(world.db, holed.databaseId, 2, 1, [until - 2_000, null, until]);
  await world.db
    .insertInto('log_archives')
    .values({
      database_id: holed.databaseId,
      generation: 2,
      sequence: 4,
      name: 'log-4',
      size_bytes: 1,
      archived_at: new Date(),
      covers_until_at: null,
    })
    .execute();
  await addLogs(world.db, off.databaseId, 1, 1, [until]);
  await markPitr(world.db, off.databaseId, 'disabled');
  const text = (await scrape()).join('\n');
  expect(valueOf(text, 'database_logs_archived_until_timestamp_seconds', holed.databaseId)).toBe(String(Math.floor(until) / 1000));
  expect(valueOf(text, 'database_log_gaps', holed.databaseId)).toBe('1');
  expect(valueOf(text, 'database_logs_archived_until_timestamp_seconds', off.databaseId)).toBeUndefined();
  expect(valueOf(text, 'database_log_gaps', off.databaseId)).toBe('0');
});

it('tells of every policy how often its backups failed, and what those that it keeps hold and take', async () => {
  const of = await addAttached(world, caller.id);
  await updatePolicy(world.db, of.policyId, { consecutive_failures: 2 });
  for (const status of ['completed', 'completed', 'failed'] as const) await addBackup(world.db, of, { status });
  const gone = await addBackup(world.db, of);
  await markDeleting(world.db, [gone]);
  await markDeleted(world.db, [gone]);
  const text = (await scrape()).join('\n');
  expect(valueOf(text, 'policy_consecutive_failures', of.policyId)).toBe('2');
  expect(valueOf(text, 'policy_size_bytes', of.policyId)).toBe('8000000000');
  expect(valueOf(text, 'policy_stored_bytes', of.policyId)).toBe('2000000000');
});

it('counts what ends, once, with how long it took and how many bytes it was', async () => {
  const of = await addAttached(world, caller.id);
  const before = await scrape();
  expect(before).toContain('tidemark_tasks_ended_total{kind="restore",status="failed"} 0');
  const end = async (kind: TaskKind, status: TaskStatus, backupId?: string) => {
    const id = randomUUID();
    await insertTask(world.db, { id, kind, owner_id: caller.id, database_id: of.databaseId, backup_id: backupId ?? null });
    await world.db
      .updateTable('tasks')
      .set({ started_at: new Date(Date.now() - 40_000) })
      .where('id', '=', id)
      .execute();
    await endTask(world.db, id, { status });
  };
  const backupId = await addBackup(world.db, of);
  await updateBackup(world.db, backupId, { started_at: new Date(0), ended_at: new Date(2_000_000) });
  await Promise.all([end('backup', 'completed', backupId), end('backup', 'failed'), end('restore', 'completed'), end('restore', 'failed')]);
  for (const lines of [await scrape(), await scrape()]) {
    for (const line of [
      'tidemark_tasks_ended_total{kind="backup",status="completed"} 1',
      'tidemark_tasks_ended_total{kind="backup",status="failed"} 1',
      'tidemark_tasks_ended_total{kind="restore",status="failed"} 1',
      'tidemark_backup_duration_seconds_bucket{le="1800",engine="postgresql",kind="full"} 0',
      'tidemark_backup_duration_seconds_bucket{le="3600",engine="postgresql",kind="full"} 1',
      'tidemark_backup_duration_seconds_sum{engine="postgresql",kind="full"} 2000',
      'tidemark_restore_duration_seconds_bucket{le="30",engine="postgresql"} 0',
      'tidemark_restore_duration_seconds_bucket{le="60",engine="postgresql"} 1',
      'tidemark_backup_size_bytes_total{engine="postgresql",kind="full"} 4000000000',
      'tidemark_backup_stored_bytes_total{engine="postgresql",kind="full"} 1000000000',
    ])
      expect(lines).toContain(line);
  }
});

it('is what Prometheus reads: each metric once, with its type and its unit', async () => {
  const lines = await scrape();
  const types = lines.filter((line) => line.startsWith('# TYPE ')).map((line) => line.split(' '));
  expect(new Set(types.map(([, , name]) => name)).size).toBe(types.length);
  expect(types.length).toBeGreaterThan(15);
  for (const [, , name, type] of types) expect(String(name).endsWith('_total'), name).toBe(type === 'counter');
});

it('is at no other place', async () => {
  expect((await fetch(`${url}/`)).status).toBe(404);
});

function valueOf(text: string, metric: string, id: string): string | undefined {
  return new RegExp(`^tidemark_${metric}{[^}]*="${id}"} (.*)$`, 'm').exec(text)?.[1];
}

async function scrape(): Promise<string[]> {
  const answer = await fetch(`${url}/metrics`);
  expect(answer.status).toBe(200);
  return (await answer.text()).split('\n');
}
