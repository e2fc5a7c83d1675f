import { Counter, Histogram, type Registry } from 'prom-client';
import type { EndedTask } from '#db/metrics.ts';
import { listEndedTasks } from '#db/metrics.ts';
import type { Catalogue } from '#db/tables.ts';
import { backupKinds, engineNames, taskKinds } from '#domain/states.ts';

/** From ten seconds to a day. */
const BUCKETS = [10, 30, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400];
/** By so much the clocks of workers may be behind; what ended so long ago can be read by now. */
const SETTLE_MS = 60_000;

type Metrics = ReturnType<typeof createMetrics>;

/** Counts what has ended since it was created, each task once: a look reads those that ended since the look before. */
export function createEndedMetrics(db: Catalogue, registry: Registry, settleMs = SETTLE_MS): { look(): Promise<void> } {
  const metrics = createMetrics(registry);
  let after = new Date(Date.now() - settleMs);
  let looking = Promise.resolve();
  const lookOnce = async (): Promise<void> => {
    const until = new Date(Date.now() - settleMs);
    const tasks = await listEndedTasks(db, after, until);
    after = until;
    for (const task of tasks) count(metrics, task);
  };
  return {
    // one after another, also when two ask at once or one look fails
    look: () => (looking = looking.catch(() => undefined).then(lookOnce)),
  };
}

function createMetrics(registry: Registry) {
  const registers = [registry];
  const ofBackup = { labelNames: ['engine', 'kind'] as const, registers };
  const metrics = {
    tasks: new Counter({
      name: 'tidemark_tasks_ended_total',
      help: 'Tasks that ended, by how.',
      labelNames: ['kind', 'status'] as const,
      registers,
    }),
    backupDuration: new Histogram({
      name: 'tidemark_backup_duration_seconds',
      help: 'How long completed backups took.',
      buckets: BUCKETS,
      ...ofBackup,
    }),
    restoreDuration: new Histogram({
      name: 'tidemark_restore_duration_seconds',
      help: 'How long completed restores took.',
      buckets: BUCKETS,
      labelNames: ['engine'] as const,
      registers,
    }),
    size: new Counter({ name: 'tidemark_backup_size_bytes_total', help: 'What completed backups hold, unpacked.', ...ofBackup }),
    stored: new Counter({ name: 'tidemark_backup_stored_bytes_total', help: 'What completed backups took in the bucket.', ...ofBackup }),
  };
  // there from the start, so that the first failure is an increase
  for (const kind of taskKinds) for (const status of ['completed', 'failed', 'skipped']) metrics.tasks.inc({ kind, status }, 0);
  for (const engine of engineNames) {
    metrics.restoreDuration.zero({ engine });
    for (const kind of backupKinds) {
      metrics.backupDuration.zero({ engine, kind });
      metrics.size.inc({ engine, kind }, 0);
      metrics.stored.inc({ engine, kind }, 0);
    }
  }
  return metrics;
}

function count(metrics: Metrics, task: EndedTask): void {
  const { kind, status, engine } = task;
  metrics.tasks.inc({ kind, status });
  if (engine === null) return;
  if (task.backup_kind !== null) {
    const labels = { engine, kind: task.backup_kind };
    observe(metrics.backupDuration, labels, task.backup_started_at, task.backup_ended_at);
    metrics.size.inc(labels, task.size_bytes ?? 0);
    metrics.stored.inc(labels, task.stored_bytes ?? 0);
  }
  if (kind === 'restore' && status === 'completed') observe(metrics.restoreDuration, { engine }, task.started_at, task.ended_at);
}

function observe<L extends string>(
  histogram: Histogram<L>,
  labels: Partial<Record<L, string>>,
  startedAt: Date | null,
  endedAt: Date | null,
): void {
  if (startedAt !== null && endedAt !== null) histogram.observe(labels, (endedAt.getTime() - startedAt.getTime()) / 1000);
}
