import type { RequestListener } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Gauge, Registry } from 'prom-client';
import type { AttachedHealth, StoredSizes } from '#db/metrics.ts';
import { countByStatus, listAttachedHealth, listPolicyFailures, sumStoredBackups } from '#db/metrics.ts';
import type { Catalogue } from '#db/tables.ts';
import { messageOf } from '#domain/errors.ts';
import { findOverdueSince } from '#domain/overdue.ts';
import { policyStatuses } from '#domain/states.ts';
import { createEndedMetrics } from './ended-metrics.ts';

/** What is stored is summed up over every backup that is kept, so no more often than this. */
const SIZES_HOLD_MS = 300_000;
const ROWS_AT_ONCE = 500;

export interface MetricsOptions {
  /** How long ago something has to have ended for it to be counted. */
  readonly settleMs?: number;
  readonly sizesHoldMs?: number;
}

/** What Prometheus asks, answered by the catalogue alone: nothing that hangs can keep an alarm back. For a port of its own, without a login. */
export function createMetricsListener(db: Catalogue, { settleMs, sizesHoldMs = SIZES_HOLD_MS }: MetricsOptions = {}): RequestListener {
  const lasting = new Registry();
  const ended = createEndedMetrics(db, lasting, settleMs);
  const sizes = holding(() => sumStoredBackups(db), sizesHoldMs);
  const render = async (): Promise<string> => {
    await ended.look();
    const current = await collect(db, await sizes());
    return `${[...(await textsOf(current)), ...(await textsOf(lasting))].join('\n\n')}\n`;
  };
  return (request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end('only /metrics is here\n');
      return;
    }
    render().then(
      (text) => response.writeHead(200, { 'content-type': lasting.contentType }).end(text),
      (error: unknown) => response.writeHead(503).end(`${messageOf(error)}\n`),
    );
  };
}

/** One metric at a time: with thousands of databases each takes a while, in which the API would answer nobody. */
async function textsOf(registry: Registry): Promise<string[]> {
  const texts: string[] = [];
  for (const { name } of registry.getMetricsAsArray()) {
    await nextTurn();
    texts.push(await registry.getSingleMetricAsString(name));
  }
  return texts;
}

/** Asks again when the answer is older than this. */
function holding<T>(ask: () => Promise<T>, holdMs: number): () => Promise<T> {
  let held: { readonly at: number; readonly value: T } | undefined;
  return async () => {
    if (held === undefined || Date.now() - held.at >= holdMs) held = { at: Date.now(), value: await ask() };
    return held.value;
  };
}

type AddGauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) => Gauge<L>;

async function collect(db: Catalogue, sizes: readonly StoredSizes[]): Promise<Registry> {
  const registry = new Registry();
  const gauge: AddGauge = (name, help, labelNames) => new Gauge({ name: `tidemark_${name}`, help, labelNames, registers: [registry] });
  await tellDatabases(gauge, await listAttachedHealth(db));
  const failures = gauge('policy_consecutive_failures', 'Failed backups since the last good one; at three the policy is paused.', ofPolicy);
  for (const { id, name, consecutive_failures: count } of await listPolicyFailures(db))
    failures.set({ policy: name, policy_id: id }, count);
  const size = gauge('policy_size_bytes', 'What the backups that a policy keeps hold, unpacked; renewed every five minutes.', ofPolicy);
  const stored = gauge('policy_stored_bytes', 'What they take in the bucket, logs apart; renewed every five minutes.', ofPolicy);
  for (const { id, name, size_bytes, stored_bytes } of sizes) {
    size.set({ policy: name, policy_id: id }, size_bytes);
    stored.set({ policy: name, policy_id: id }, stored_bytes);
  }
  const counts = await countByStatus(db);
  const policies = gauge('policies', 'Policies by status.', ['status']);
  for (const status of policyStatuses) policies.set({ status }, counts.policies.get(status) ?? 0);
  const tasks = gauge('tasks', 'Tasks that wait or run.', ['status']);
  for (const status of ['queued', 'running'] as const) tasks.set({ status }, counts.unfinishedTasks.get(status) ?? 0);
  gauge('notices_unsent', 'Mails that are not sent and still tried, as each is for a week.', []).set(counts.unsentNotices);
  return registry;
}

// names are unique to their owners only
const ofDatabase = ['database', 'policy', 'database_id'] as const;
const ofPolicy = ['policy', 'policy_id'] as const;

async function tellDatabases(gauge: AddGauge, rows: readonly AttachedHealth[]): Promise<void> {
  const succeeded = gauge(
    'database_last_success_timestamp_seconds',
    'When the last backup of an attached database ended well.',
    ofDatabase,
  );
  const overdue = gauge('database_overdue', '1 while a backup that the schedule promised is missing.', ofDatabase);
  const pitrError = gauge('database_pitr_error', '1 while the log archiving of a database with PITR is in trouble.', ofDatabase);
  const archived = gauge(
    'database_logs_archived_until_timestamp_seconds',
    'Every commit of a database with PITR before this is in its log archive.',
    ofDatabase,
  );
  const gaps = gauge(
    'database_log_gaps',
    'Log archives that are missing among those that are kept: holes in what can be restored.',
    ofDatabase,
  );
  for (const [index, row] of rows.entries()) {
    if (index % ROWS_AT_ONCE === 0) await nextTurn();
    const labels = { database: row.name, policy: row.policy_name, database_id: row.id };
    if (row.succeeded_at !== null) succeeded.set(labels, row.succeeded_at.getTime() / 1000);
    overdue.set(labels, isOverdue(row) ? 1 : 0);
    pitrError.set(labels, row.pitr_status === 'error' ? 1 : 0);
    if (row.archived_until !== null) archived.set(labels, row.archived_until.getTime() / 1000);
    gaps.set(labels, row.gaps);
  }
}

function isOverdue({
  full_frequency: fullFrequency,
  full_time: fullTime,
  full_day: fullDay,
  incremental_hours: incrementalHours,
  ...row
}: AttachedHealth): boolean {
  const since = row.succeeded_at ?? row.attached_at;
  return findOverdueSince({ fullFrequency, fullTime, fullDay, incrementalHours }, since.getTime(), Date.now()) !== undefined;
}
