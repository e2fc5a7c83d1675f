import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { NativeConnection } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { createActivities } from '#activities/create-activities.ts';
import type { ActivityDeps } from '#activities/create-activities.ts';
import { taskQueue, transferQueue } from '#domain/names.ts';
import { ensureSearchAttributes } from './search-attributes.ts';

interface WorkerOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** How many backups and restores move data at once. */
  readonly transfers: number;
}

export interface RunningWorkers {
  /** Rejects when a worker fails. */
  readonly finished: Promise<void>;
  /** Stops taking work and gives what runs a moment; what does not end in time goes on at the next worker. */
  stop(): Promise<void>;
}

const GRACE = '5 s';

/** Workflows and quick activities on one queue, streams with their own slots on the other. */
export async function startWorkers(deps: ActivityDeps, options: WorkerOptions): Promise<RunningWorkers> {
  const { connection, namespace } = options;
  await ensureSearchAttributes(connection, namespace);
  const activities = createActivities(deps);
  const workflowBundle = { code: await bundleWorkflows() };
  const workers = await Promise.all([
    Worker.create({ connection, namespace, taskQueue, activities, workflowBundle, shutdownGraceTime: GRACE }),
    Worker.create({
      connection,
      namespace,
      taskQueue: transferQueue,
      activities,
      maxConcurrentActivityTaskExecutions: options.transfers,
      shutdownGraceTime: GRACE,
    }),
  ]);
  const finished = Promise.all(workers.map((worker) => worker.run())).then(() => undefined);
  return {
    finished,
    async stop() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await finished;
    },
  };
}

const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;

async function bundleWorkflows(): Promise<string> {
  const program = fileURLToPath(new URL('bundle-workflows.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program], { maxBuffer: MAX_BUNDLE_BYTES });
  if (stdout === '') throw new Error('the workflows were bundled to nothing');
  return stdout;
}
