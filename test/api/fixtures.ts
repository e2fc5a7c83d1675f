import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { attachDatabase, beginGeneration } from '#db/attachments.ts';
import { insertBackup } from '#db/backups.ts';
import { insertDatabase, markDatabase, sshKeyPlace } from '#db/databases.ts';
import { recordLogs } from '#db/logs.ts';
import { insertPolicy, policyKeyPlace, secretKeyPlace } from '#db/policies.ts';
import type { Sealer } from '#db/seal.ts';
import type { Catalogue } from '#db/tables.ts';
import { insertSshKey, privateKeyPlace } from '#db/ssh-keys.ts';
import { insertRestore, insertTask } from '#db/tasks.ts';
import type { DatabaseStatus } from '#domain/states.ts';

/** Rows as the product itself would have left them. */

interface Place {
  readonly db: Catalogue;
  readonly sealer: Sealer;
}

export const canaries = { secretKey: 'canary-secret-key-7f3a', sshKey: 'canary-ssh-key-91bc' } as const;

/** Fits a key that a person would paste; not a secret of anything. */
export const privateKey = `-----BEGIN RSA PRIVATE KEY-----\n${canaries.sshKey}\n-----END RSA PRIVATE KEY-----\n`;

export async function addDatabase(
  { db, sealer }: Place,
  ownerId: string,
  more: { status?: DatabaseStatus; primaryId?: string; name?: string } = {},
): Promise<string> {
  const id = randomUUID();
  await insertDatabase(db, {
    id,
    owner_id: ownerId,
    name: more.name ?? `orders-${id.slice(0, 8)}`,
    engine: 'postgresql',
    host: 'db.example.com',
    port: 5432,
    ssh_port: 22,
    ssh_user: 'admin',
    ssh_key_sealed: sealer.seal(privateKey, sshKeyPlace(id)),
    host_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJu8',
    role: more.primaryId === undefined ? 'primary' : 'replica',
    primary_id: more.primaryId ?? null,
  });
  await markDatabase(db, id, { status: more.status ?? 'active', status_message: null, version: '17.6' });
  return id;
}

/** A pair that was made a number of days ago. */
export async function addSshKey({ db, sealer }: Place, ownerId: string, daysAgo = 0): Promise<string> {
  const id = randomUUID();
  const private_key_sealed = sealer.seal(privateKey, privateKeyPlace(id));
  await insertSshKey(db, { id, owner_id: ownerId, public_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJu8 tidemark', private_key_sealed });
  const created_at = new Date(Date.now() - daysAgo * 86_400_000);
  await sql`update ssh_keys set created_at = ${created_at} where id = ${id}`.execute(db);
  return id;
}

export async function addPolicy(
  { db, sealer }: Place,
  ownerId: string,
  more: { pitrEnabled?: boolean; name?: string } = {},
): Promise<string> {
  const id = randomUUID();
  await insertPolicy(db, {
    id,
    owner_id: ownerId,
    name: more.name ?? `nightly-${id.slice(0, 8)}`,
    endpoint: 's3.example.com',
    region: 'us-east-1',
    bucket: 'backups',
    prefix: 'team',
    access_key: 'AKIAEXAMPLE',
    secret_key_sealed: sealer.seal(canaries.secretKey, secretKeyPlace(id)),
    full_frequency: 'daily',
    full_time: '02:00',
    full_day: 'sunday',
    incremental_hours: 6,
    pitr_enabled: more.pitrEnabled ?? true,
    retention_fulls: 7,
    retention_incremental_days: 30,
    retention_log_hours: 72,
    encryption_enabled: true,
    policy_key_sealed: sealer.seal(randomBytes(32), policyKeyPlace(id)),
  });
  return id;
}

/** An attached database with the generations that are asked for, the last of them open. */
export async function addAttached(
  place: Place,
  ownerId: string,
  more: { pitrEnabled?: boolean; generations?: number; policyId?: string } = {},
): Promise<{ databaseId: string; policyId: string }> {
  const databaseId = await addDatabase(place, ownerId);
  const policyId = more.policyId ?? (await addPolicy(place, ownerId, more));
  await attachDatabase(place.db, databaseId, policyId);
  for (let number = 1; number <= (more.generations ?? 1); number++) {
    await beginGeneration(place.db, { database_id: databaseId, number, policy_id: policyId, encrypted: true, reason: 'attached' });
  }
  return { databaseId, policyId };
}

interface BackupOptions {
  readonly at?: number;
  readonly generation?: number;
  readonly logs?: readonly [number, number];
  readonly parentId?: string;
  readonly status?: 'completed' | 'failed' | 'running';
}

/** A backup that was consistent at a time (milliseconds since the epoch). */
export async function addBackup(db: Catalogue, of: { databaseId: string; policyId: string }, options: BackupOptions = {}): Promise<string> {
  const id = randomUUID();
  const at = new Date(options.at ?? Date.now() - 3_600_000);
  const [first_log, last_log] = options.logs ?? [1, 1];
  const isFailed = options.status === 'failed';
  await insertBackup(db, {
    id,
    database_id: of.databaseId,
    policy_id: of.policyId,
    generation: options.generation ?? 1,
    kind: options.parentId === undefined ? 'full' : 'incremental',
    parent_id: options.parentId ?? null,
    status: options.status ?? 'completed',
    source_id: of.databaseId,
    label: '20261122-020000F',
    consistent_at: at,
    first_log,
    last_log,
    size_bytes: 4_000_000_000,
    stored_bytes: 1_000_000_000,
    started_at: at,
    ended_at: at,
    ...(isFailed ? { error_code: 'disk-full', error_message: 'no space left' } : {}),
  });
  return id;
}

/** Log pieces from `first` on, each of which covers until its time; null is a piece that is missing. */
export async function addLogs(
  db: Catalogue,
  databaseId: string,
  generation: number,
  first: number,
  coverages: readonly (number | null)[],
): Promise<void> {
  const pieces = coverages.flatMap((until, index) =>
    until === null
      ? []
      : [
          {
            sequence: first + index,
            name: `log-${first + index}`,
            size_bytes: 16_777_216,
            archived_at: new Date(until),
            covers_until_at: new Date(until),
          },
        ],
  );
  const gaps = coverages.flatMap((until, index) =>
    until === null ? [{ sequence: first + index, reason: `log-${first + index} is gone from the bucket` }] : [],
  );
  await recordLogs(db, { database_id: databaseId, generation }, pieces, gaps);
}

export async function addTask(db: Catalogue, ownerId: string, databaseId: string): Promise<string> {
  const id = randomUUID();
  await insertTask(db, { id, kind: 'backup', owner_id: ownerId, database_id: databaseId });
  return id;
}

export async function addRestore(db: Catalogue, of: { databaseId: string; policyId: string }, backupId: string): Promise<string> {
  const id = randomUUID();
  await insertRestore(db, { id, database_id: of.databaseId, policy_id: of.policyId, backup_id: backupId });
  return id;
}

/** A completed backup of a generation that has ended. */
export async function addOldBackup(db: Catalogue, databaseId: string, policyId: string): Promise<string> {
  const row = { database_id: databaseId, number: 99, policy_id: policyId, encrypted: true, reason: 'for this test' };
  await db
    .insertInto('generations')
    .values({ ...row, ended_at: new Date() })
    .execute();
  return addBackup(db, { databaseId, policyId }, { generation: 99 });
}
