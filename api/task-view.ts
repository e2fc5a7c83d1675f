import { z } from 'zod';
import type { TaskOverview } from '#db/tasks.ts';
import { exampleIds } from '#domain/examples.ts';
import { taskKinds, taskStatuses } from '#domain/states.ts';
import { at, failureSchema, isoOf, maybeAt, maybeIsoOf, viewFailure } from './answers.ts';

const progressSchema = z.object({ done: z.int(), total: z.int(), percent: z.number().min(0).max(100) }).meta({ id: 'Progress' });

export const taskSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(taskKinds),
    status: z.enum(taskStatuses),
    phase: z.string().nullable(),
    progress: progressSchema
      .nullable()
      .describe(
        'Of the phase, in bytes. While a restore replays logs `done` and `total` are in a unit of the engine, and `percent` alone tells how far it is.',
      ),
    error: failureSchema.nullable(),
    ownerId: z.uuid(),
    databaseId: z.uuid().nullable(),
    databaseName: z.string().nullable().describe('Also of one that has been removed.'),
    policyId: z.uuid().nullable(),
    policyName: z.string().nullable().describe('Also of one that has been deleted.'),
    backupId: z.uuid().nullable(),
    restoreId: z.uuid().nullable(),
    workflowId: z.string().nullable().describe('Under which it is found in the Temporal Web UI.'),
    requestId: z.uuid().nullable().describe('Of the request that asked for it; null where its schedule did.'),
    createdAt: at,
    startedAt: maybeAt,
    endedAt: maybeAt,
  })
  .meta({
    id: 'Task',
    examples: [
      {
        id: exampleIds.task,
        kind: 'backup',
        status: 'running',
        phase: 'copying',
        progress: { done: 1_500_000_000, total: 4_000_000_000, percent: 37.5 },
        error: null,
        ownerId: exampleIds.user,
        databaseId: exampleIds.database,
        databaseName: 'orders',
        policyId: exampleIds.policy,
        policyName: 'nightly',
        backupId: exampleIds.backup,
        restoreId: null,
        workflowId: `database-${exampleIds.database}`,
        requestId: exampleIds.request,
        createdAt: '2026-11-22T02:00:00.000Z',
        startedAt: '2026-11-22T02:00:01.000Z',
        endedAt: null,
      },
    ],
  });

export type TaskView = z.infer<typeof taskSchema>;

export function viewTask(row: TaskOverview): TaskView {
  return {
    id: row.id,
    kind: row.kind,
    status: row.status,
    phase: row.phase,
    progress: viewProgress(row),
    error: viewFailure(row),
    ownerId: row.owner_id,
    databaseId: row.database_id,
    databaseName: row.database_name,
    policyId: row.policy_id,
    policyName: row.policy_name,
    backupId: row.backup_id,
    restoreId: row.restore_id,
    workflowId: row.workflow_id,
    requestId: row.request_id,
    createdAt: isoOf(row.created_at),
    startedAt: maybeIsoOf(row.started_at),
    endedAt: maybeIsoOf(row.ended_at),
  };
}

function viewProgress({ progress_done: done, progress_total: total }: TaskOverview): z.infer<typeof progressSchema> | null {
  if (done === null || total === null) return null;
  const percent = total === 0 ? 0 : Math.min(100, Math.round((done / total) * 1000) / 10);
  return { done, total, percent };
}
