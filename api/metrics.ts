import type { RequestListener } from 'node:http';
import { Gauge, Registry } from 'prom-client';
import { listAttachedOverviews } from '#db/databases.ts';
import { countByStatus } from '#db/metrics.ts';
import type { Catalogue } from '#db/tables.ts';
import { policyStatuses } from '#domain/states.ts';
import { messageOf } from '#domain/errors.ts';
import { viewDatabase } from './database-view.ts';

const DAY_MS = 24 * 3_600_000;

/** What Prometheus asks, answered by the catalogue alone: nothing that hangs can keep an alarm back. For a port of its own, without a login. */
export function createMetricsListener(db: Catalogue): RequestListener {
  return (request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end('only /metrics is here\n');
      return;
    }
    renderMetrics(db).then(
      ({ contentType, text }) => response.writeHead(200, { 'content-type': contentType }).end(text),
      (error: unknown) => response.writeHead(503).end(`${messageOf(error)}\n`),
    );
  };
}

async function renderMetrics(db: Catalogue): Promise<{ contentType: string; text: string }> {
  const registry = new Registry();
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> =>
    new Gauge({ name: `tidemark_${name}`, help, labelNames, registers: [registry] });
  const ofDatabase = ['database', 'policy', 'database_id'] as const;
  const succeeded = gauge(
    'database_last_success_timestamp_seconds',
    'When the last backup of an attached database ended well.',
    ofDatabase,
  );
  const overdue = gauge('database_overdue', '1 while a backup that the schedule promised is missing.', ofDatabase);
  const pitrError = gauge('database_pitr_error', '1 while the log archiving of a database with PITR is in trouble.', ofDatabase);
  for (const { id, name, attachment } of (await listAttachedOverviews(db)).map(viewDatabase)) {
    if (attachment === null) continue;
    // names are unique to their owners only
    const labels = { database: name, policy: attachment.policyName, database_id: id };
    if (attachment.lastSuccessAt !== null) succeeded.set(labels, Date.parse(attachment.lastSuccessAt) / 1000);
    overdue.set(labels, attachment.overdueSince === null ? 0 : 1);
    pitrError.set(labels, attachment.pitrStatus === 'error' ? 1 : 0);
  }
  const counts = await countByStatus(db, new Date(Date.now() - DAY_MS));
  const policies = gauge('policies', 'Policies by status.', ['status']);
  for (const status of policyStatuses) policies.set({ status }, counts.policies.get(status) ?? 0);
  const tasks = gauge('tasks', 'Tasks that wait or run.', ['status']);
  for (const status of ['queued', 'running'] as const) tasks.set({ status }, counts.unfinishedTasks.get(status) ?? 0);
  const ended = gauge('tasks_ended_last_day', 'Tasks that ended in the last 24 hours, by how.', ['status']);
  for (const status of ['completed', 'failed', 'skipped'] as const) ended.set({ status }, counts.endedTasks.get(status) ?? 0);
  gauge('notices_unsent', 'Mails that the mail server has not taken yet.', []).set(counts.unsentNotices);
  return { contentType: registry.contentType, text: await registry.metrics() };
}
