import { randomBytes, randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { hashToken } from '#api/session-cookie.ts';
import { insertSession } from '#db/sessions.ts';
import type { Catalogue } from '#db/tables.ts';
import type { Sealer } from '#db/seal.ts';
import { insertUser } from '#db/users.ts';
import type { UserRole } from '#domain/states.ts';

export interface Sizes {
  readonly databases: number;
  /** As many tasks and log archives; a fifth as many audit rows and notices. */
  readonly backups: number;
}

/** As a large installation would have left them: 200 users with two policies each, one database with ten times the backups of others. */
export async function fillCatalogue(url: string, sealer: Sealer, { databases, backups }: Sizes): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // without the foreign keys' look-ups and the audit log's chain, which nothing here reads
    await client.query(`set session_replication_role = replica; set synchronous_commit = off; set work_mem = '64MB'`);
    await client.query(
      `create function pg_temp.id(what text, n bigint) returns uuid language sql immutable as $$ select overlay(overlay(md5(what || n) placing '4' from 13) placing '8' from 17)::uuid $$`,
    );
    const sealed = `'\\x${sealer.seal('-', { table: '-', row: '-', column: '-' }).toString('hex')}'::bytea`;
    const each = Math.max(1, Math.floor(backups / (databases + 9)));
    const indexes = await dropIndexes(client);
    for (const statement of [
      ...accounts(sealed, databases),
      ...histories(each, databases),
      logArchives(backups),
      acts(Math.floor(backups / 5), databases),
      mails(Math.floor(backups / 5)),
      ...indexes,
    ])
      await client.query(statement);
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

/** Those that no constraint needs; returns what makes them again. A full table is indexed several times as fast as an empty one that fills. */
async function dropIndexes(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(`
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
    where indrelid::regclass::text in ('backups', 'tasks', 'log_archives', 'audit_rows', 'notices')
      and not exists (select from pg_constraint where conindid = indexrelid)`);
  for (const { name } of rows) await client.query(`drop index ${name}`);
  return rows.map(({ definition }) => definition);
}

/** The user who owns the database with the most backups, and an admin; each with the cookie of a session. */
export async function addPerson(db: Catalogue, role: UserRole): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  const user =
    role === 'user'
      ? await db.selectFrom('users').select('id').where('email', '=', 'user0@example.com').executeTakeFirstOrThrow()
      : { id: randomUUID() };
  if (role === 'admin') await insertUser(db, { id: user.id, email: 'admin@example.com', name: 'Admin', role, password_hash: 'none' });
  await insertSession(db, { token_hash: hashToken(token), user_id: user.id, expires_at: new Date(Date.now() + 24 * 3_600_000) });
  return `tidemark_session=${token}`;
}

const USERS = 200;

function accounts(sealed: string, databases: number): string[] {
  return [
    `insert into users (id, email, name, role, password_hash)
      select pg_temp.id('user', n), 'user' || n || '@example.com', 'User ' || n, 'user', 'none' from generate_series(0, ${USERS - 1}) n`,
    `insert into policies (id, owner_id, name, endpoint, region, bucket, prefix, access_key, secret_key_sealed, full_frequency, full_time, full_day,
        incremental_hours, pitr_enabled, retention_fulls, retention_incremental_days, retention_log_hours, encryption_enabled, policy_key_sealed, status)
      select pg_temp.id('policy', n), pg_temp.id('user', n / 2), (array['nightly', 'weekly'])[n % 2 + 1] || '-' || n, 's3.example.com', 'us-east-1',
        'backups', 'p' || n, 'AKIAEXAMPLE', ${sealed}, 'weekly', '02:00', 'sunday', 6, true, 7, 30, 72, true, ${sealed},
        case when n % 50 = 0 then 'paused' else 'active' end
      from generate_series(0, ${2 * USERS - 1}) n`,
    `insert into databases (id, owner_id, name, engine, version, host, port, ssh_port, ssh_user, ssh_key_sealed, host_key, role, primary_id, status,
        checked_at, created_at)
      select pg_temp.id('database', n), pg_temp.id('user', n % ${USERS}),
        (array['orders', 'billing', 'accounts', 'catalogue', 'search', 'events', 'reports'])[n % 7 + 1] || '-' || n,
        (array['postgresql', 'postgresql', 'mariadb', 'mysql'])[n % 4 + 1], '17.6', 'db' || n || '.' || (array['eu', 'us', 'asia'])[n % 3 + 1] || '.example.com',
        5432, 22, 'admin', ${sealed}, 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJu8', case when n % 20 = 19 then 'replica' else 'primary' end,
        case when n % 20 = 19 then pg_temp.id('database', n - ${USERS}) end, case when n % 97 = 96 then 'error' else 'active' end, now(),
        now() - interval '1 year' + n * interval '1 minute'
      from generate_series(0, ${databases - 1}) n`,
    `insert into attachments (database_id, policy_id, pitr_status)
      select pg_temp.id('database', n), pg_temp.id('policy', n % ${USERS} * 2 + n / ${USERS} % 2), case when n % 500 = 1 then 'error' else 'active' end
      from generate_series(0, ${databases - 1}) n where n % 20 <> 19`,
    `insert into generations (database_id, number, policy_id, encrypted, reason)
      select pg_temp.id('database', n), 1, pg_temp.id('policy', n % ${USERS} * 2 + n / ${USERS} % 2), true, 'attached' from generate_series(0, ${databases - 1}) n`,
  ];
}

/** Every six hours a backup, every week a full, the first sixty kept; the first database had hourly ones for longer. */
function histories(each: number, databases: number): string[] {
  const rows = `(
    select k, n, k * 1000000 + n as key, (k + n / ${USERS}) % 1000 = 7 or (n = 0 and k % 20 = 7) as is_restore, pg_temp.id('database', n) as database_id, pg_temp.id('user', n % ${USERS}) as owner_id,
      pg_temp.id('policy', n % ${USERS} * 2 + n / ${USERS} % 2) as policy_id,
      date_trunc('hour', now()) - k * interval '6 hours' - n * interval '1 second' as at
    from generate_series(${10 * each - 1}, 0, -1) k, generate_series(0, ${databases - 1}) n where n = 0 or k < ${each}) h`;
  return [
    `insert into backups (id, database_id, policy_id, generation, kind, status, parent_id, source_id, label, server_version, consistent_at, first_log,
        last_log, size_bytes, stored_bytes, created_at, started_at, ended_at, error_code, error_message)
      select pg_temp.id('backup', key), database_id, policy_id, 1, case when k % 28 = 0 then 'full' else 'incremental' end,
        case when k % 40 = 39 then 'failed' when k < 60 then 'completed' else 'deleted' end,
        case when k % 28 > 0 then pg_temp.id('backup', (k + 1) * 1000000 + n) end, database_id, '20261122-020000F', '17.6', at,
        4000 - k * 360, 4000 - k * 360, 4000000000, 1000000000, at, at, at + interval '5 minutes',
        case when k % 40 = 39 then 'disk-full' end, case when k % 40 = 39 then 'no space left' end
      from ${rows}`,
    `insert into restores (id, database_id, policy_id, backup_id, base_backup_id, generation, new_generation, created_at)
      select pg_temp.id('restore', key), database_id, policy_id, pg_temp.id('backup', key), pg_temp.id('backup', key), 1, 2, at
      from ${rows} where is_restore`,
    `insert into tasks (id, kind, status, owner_id, database_id, policy_id, backup_id, restore_id, workflow_id, phase, created_at, started_at, ended_at,
        error_code, error_message)
      select pg_temp.id('task', key), case when is_restore then 'restore' when (k + n / ${USERS}) % 20 = 1 then 'retention' else 'backup' end,
        case when k = 0 and n % 500 = 3 then 'running' when k % 40 = 39 then 'failed' when k % 40 = 38 then 'skipped' else 'completed' end,
        owner_id, database_id, policy_id, pg_temp.id('backup', key), case when is_restore then pg_temp.id('restore', key) end,
        'database-' || database_id, 'copying', at, at, case when k = 0 and n % 500 = 3 then null else at + interval '5 minutes' end,
        case when k % 40 = 39 then 'disk-full' end, case when k % 40 = 39 then 'no space left' end
      from ${rows}`,
  ];
}

/** A piece each minute of three days, of as many databases as that gives; one is missing in the first. */
function logArchives(rows: number): string {
  const [each, databases] = [4000, Math.max(1, Math.floor(rows / 4000))];
  return `
    insert into log_archives (database_id, generation, sequence, name, size_bytes, archived_at, covers_until_at)
      select pg_temp.id('database', n * 20), 1, s, '00000001' || lpad(to_hex(s), 16, '0'), 16777216, at, at
      from generate_series(1, ${each}) s, generate_series(0, ${databases - 1}) n,
        lateral (select date_trunc('hour', now()) - (${each} - s) * interval '1 minute' as at) t
      where not (n = 0 and s = 2500);
    insert into log_gaps (database_id, generation, sequence, reason) values (pg_temp.id('database', 0), 1, 2500, 'log 2500 is gone from the bucket')`;
}

function acts(rows: number, databases: number): string {
  return `
    insert into audit_rows (id, at, actor_id, action, subject, details, remote_address, request_id, outcome, hash)
      select n, now() - (${rows} - n) * interval '1 minute', pg_temp.id('user', n / 2 % ${USERS}),
        case when n / 2 % 5000 = 11 then 'editUser' else (array['createBackup', 'editPolicy', 'checkDatabase'])[n / 2 % 3 + 1] end,
        'database:' || pg_temp.id('database', n / 2 % ${databases}), '{"taskId": "00000000-0000-4000-8000-000000000000"}', '192.0.2.1',
        pg_temp.id('request', n / 2), (array['begun', 'done'])[n % 2 + 1], sha256(n::text::bytea)
      from generate_series(1, ${rows}) n`;
}

function mails(rows: number): string {
  return `
    insert into notices (id, event, kind, recipient_id, subject, body_text, body_html, created_at, sent_at)
      select pg_temp.id('notice', n), 'event-' || n, 'backup-failed', pg_temp.id('user', n % ${USERS}), 'Backup of orders-' || n || ' failed',
        repeat('What failed, and what to do about it. ', 20), repeat('<p>What failed, and what to do about it.</p>', 20),
        now() - (${rows} - n) * interval '1 minute', case when n % 1000 <> 0 then now() - (${rows} - n) * interval '1 minute' end
      from generate_series(1, ${rows}) n`;
}
