import { z } from 'zod';
import { backupLink, listBackups } from '#db/backups.ts';
import { loadRetentionPlan } from '#db/retention.ts';
import { deletionSchema } from '#domain/backup.schema.ts';
import { withDescendants } from '#domain/chain.ts';
import { TidemarkError } from '#domain/errors.ts';
import { exampleIds } from '#domain/examples.ts';
import { backupKinds } from '#domain/states.ts';
import { idParams, listOf, maybeAt, maybeIsoOf } from './answers.ts';
import { requestOperation } from './operations.ts';
import { getVisibleBackup, getVisibleDatabase, policyIdOf } from './ownership.ts';
import { defineRoute } from './route.ts';
import { taskSchema } from './task-view.ts';
import { viewNewTask } from './tasks.ts';

const doomedSchema = z.object({ backupId: z.uuid(), kind: z.enum(backupKinds), consistentAt: maybeAt, reason: z.string() }).meta({
  id: 'DoomedBackup',
  examples: [
    {
      backupId: exampleIds.backup,
      kind: 'full',
      consistentAt: '2026-11-14T02:09:30.000Z',
      reason: 'older than the newest 7 fulls',
    },
  ],
});

export const retentionRoutes = [
  defineRoute({
    method: 'get',
    path: '/api/v1/databases/{id}/retention-plan',
    operationId: 'getRetentionPlan',
    summary: 'What the daily retention would remove now, and why each.',
    auth: 'user',
    problems: ['not-attached'],
    params: idParams,
    answer: { status: 200, description: 'The backups that would go.', schema: listOf(doomedSchema) },
    async handle(call) {
      const database = await getVisibleDatabase(call, call.params.id);
      const { backups } = await loadRetentionPlan(call.deps.db, policyIdOf(database), database.id);
      return {
        items: backups.map(({ backup: { row }, reason }) => ({
          backupId: row.id,
          kind: row.kind,
          consistentAt: maybeIsoOf(row.consistent_at),
          reason,
        })),
      };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/api/v1/backups/{id}/deletions',
    operationId: 'deleteBackup',
    summary: 'Delete a backup and what builds on it. The number of backups that go has to be named; a refusal names it, and them.',
    auth: 'user',
    needs: 'fresh',
    problems: [
      'sign-in-not-fresh',
      'not-attached',
      'database-busy',
      'policy-not-ready',
      'backup-not-restorable',
      'confirmation-needed',
      'temporal-unavailable',
    ],
    params: idParams,
    body: deletionSchema,
    answer: { status: 202, description: 'The deletion has begun.', schema: taskSchema },
    async handle(call) {
      const backup = await getVisibleBackup(call, call.params.id);
      const database = await getVisibleDatabase(call, backup.database_id);
      if (database.policy_id !== backup.policy_id)
        throw new TidemarkError('not-attached', `${database.name} is not attached to the policy that keeps the backup`);
      const rows = (await listBackups(call.deps.db, database.id)).map(backupLink);
      const gone = withDescendants(rows, backup.id);
      if (gone.length === 0) throw new TidemarkError('backup-not-restorable', `the backup ${backup.id} is ${backup.status}, not completed`);
      if (call.body.confirmBackups !== gone.length)
        throw new TidemarkError(
          'confirmation-needed',
          whatGoes(
            gone.map(({ row }) => row),
            rows.filter(({ status }) => status === 'completed').length,
          ),
        );
      const taskId = await requestOperation(call, {
        update: 'deleteBackup',
        kind: 'delete',
        policyId: backup.policy_id,
        database,
        more: { backupId: backup.id },
      });
      return viewNewTask(call.deps, taskId);
    },
  }),
];

function whatGoes(
  rows: readonly { readonly id: string; readonly kind: string; readonly consistent_at: Date | null }[],
  all: number,
): string {
  const list = rows.map(({ id, kind, consistent_at: at }) => `the ${kind} of ${at?.toISOString() ?? '?'} (${id})`).join(', ');
  const last = rows.length === all ? ' No backup of the database is left then.' : '';
  return `deleting it removes ${rows.length === 1 ? 'one backup' : `${rows.length} backups`}: ${list}.${last}`;
}
