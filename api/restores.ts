import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { findOpenGeneration } from '#db/attachments.ts';
import type { BackupLink } from '#db/backups.ts';
import { backupLink, listBackups } from '#db/backups.ts';
import type { DatabaseOverview } from '#db/databases.ts';
import { loadHistories } from '#db/logs.ts';
import { getPolicy } from '#db/policies.ts';
import type { RestoreRow } from '#db/tasks.ts';
import { findTaskOfRestore, getRestore, listRestores } from '#db/tasks.ts';
import { TidemarkError } from '#domain/errors.ts';
import { exampleIds } from '#domain/examples.ts';
import type { GenerationHistory } from '#domain/recovery-window.ts';
import { recoveryWindow } from '#domain/recovery-window.ts';
import type { RestorePlan } from '#domain/restore-plan.ts';
import { planBackupRestore, planTimeRestore } from '#domain/restore-plan.ts';
import type { RestoreAsked } from '#domain/restore.schema.ts';
import { restoreCreateSchema, restorePlanQuery } from '#domain/restore.schema.ts';
import { at, examplesOf, idParams, isoOf, listOf, maybeAt, maybeIsoOf } from './answers.ts';
import { requestOperation } from './operations.ts';
import { getVisibleDatabase, getVisibleRestore } from './ownership.ts';
import { invalidField } from './problems.ts';
import { pitrOffReason } from './recovery-windows.ts';
import { emptyPlan, restorePlanSchema, viewRestorePlan } from './restore-plan-view.ts';
import type { ApiDeps } from './route.ts';
import { defineRoute } from './route.ts';

const restoreSchema = z
  .object({
    id: z.uuid(),
    databaseId: z.uuid(),
    policyId: z.uuid(),
    backupId: z.uuid().nullable(),
    target: maybeAt,
    baseBackupId: z.uuid().nullable().describe('What the plan chose; null until it is made.'),
    generation: z.int().nullable(),
    taskId: z.uuid().nullable(),
    createdAt: at,
  })
  .meta({
    id: 'Restore',
    examples: [
      {
        id: exampleIds.restore,
        databaseId: exampleIds.database,
        policyId: exampleIds.policy,
        backupId: null,
        target: '2026-11-22T21:50:11.000Z',
        baseBackupId: exampleIds.backup,
        generation: 1,
        taskId: exampleIds.task,
        createdAt: '2026-11-22T21:55:00.000Z',
      },
    ],
  });

export const restoreRoutes = [
  defineRoute({
    method: 'post',
    path: '/api/v1/databases/{id}/restores',
    operationId: 'createRestore',
    summary: 'Restore a database to a backup or to a time. All its data is overwritten: take a manual backup first.',
    auth: 'user',
    needs: 'fresh',
    problems: [
      'sign-in-not-fresh',
      'not-attached',
      'database-busy',
      'policy-not-ready',
      'target-outside-window',
      'backup-not-restorable',
      'temporal-unavailable',
    ],
    params: idParams,
    body: restoreCreateSchema,
    answer: {
      status: 202,
      description: 'The restore has begun.',
      schema: z.object({ restore: restoreSchema, taskId: z.uuid() }).meta({
        id: 'CreatedRestore',
        examples: examplesOf(restoreSchema).map((restore) => ({ restore, taskId: exampleIds.task })),
      }),
    },
    async handle(call) {
      const database = await getVisibleDatabase(call, call.params.id);
      if (call.body.confirmName !== database.name) throw invalidField('confirmName', `must be the database's name, "${database.name}"`);
      const { policyId } = await choose(call.deps, database, call.body);
      const restore = {
        id: randomUUID(),
        database_id: database.id,
        policy_id: policyId,
        backup_id: call.body.backupId ?? null,
        target_at: call.body.target === undefined ? null : new Date(call.body.target),
        requested_by: call.user.id,
      };
      const taskId = await requestOperation(call, {
        update: 'restore',
        kind: 'restore',
        policyId,
        database,
        more: { restoreId: restore.id },
        restore,
      });
      return { restore: viewRestore(await getRestore(call.deps.db, restore.id), taskId), taskId };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/databases/{id}/restore-plan',
    operationId: 'getRestorePlan',
    summary:
      'What a restore would do: on what it rests, what is replayed, what it needs. Nothing is begun. Refused as the restore would be.',
    auth: 'user',
    problems: ['not-attached', 'target-outside-window', 'backup-not-restorable'],
    params: idParams,
    query: restorePlanQuery,
    answer: { status: 200, description: 'The plan.', schema: restorePlanSchema },
    async handle(call) {
      const database = await getVisibleDatabase(call, call.params.id);
      const { plan } = await choose(call.deps, database, call.query);
      return plan === undefined ? emptyPlan(database.id) : viewRestorePlan(call.deps, database.id, plan);
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/databases/{id}/restores',
    operationId: 'listRestores',
    summary: 'The newest 100 restores of a database, newest first.',
    auth: 'user',
    params: idParams,
    answer: { status: 200, description: 'The restores.', schema: listOf(restoreSchema) },
    async handle(call) {
      const database = await getVisibleDatabase(call, call.params.id);
      const rows = await listRestores(call.deps.db, database.id, 100);
      return { items: rows.map((row) => viewRestore(row, row.task_id)) };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/restores/{id}',
    operationId: 'getRestore',
    summary: 'One restore. How it goes is told by its task.',
    auth: 'user',
    params: idParams,
    answer: { status: 200, description: 'The restore.', schema: restoreSchema },
    async handle(call) {
      const restore = await getVisibleRestore(call, call.params.id);
      const task = await findTaskOfRestore(call.deps.db, restore.id);
      return viewRestore(restore, task?.id ?? null);
    },
  }),
];

interface Choice {
  readonly policyId: string;
  /** undefined for a target after the window's end: only the workflow, which first brings the archive up to date, can tell. */
  readonly plan: RestorePlan<BackupLink> | undefined;
}

/** Refuses what can be seen to fail; the workflow of the policy that is returned decides the rest. */
async function choose(deps: ApiDeps, database: DatabaseOverview, asked: RestoreAsked): Promise<Choice> {
  const choice = await findChoice(deps, database, asked);
  await requireItsPolicy(deps, database, choice.policyId);
  return choice;
}

async function findChoice(deps: ApiDeps, database: DatabaseOverview, { backupId, target }: RestoreAsked): Promise<Choice> {
  const links = (await listBackups(deps.db, database.id)).map(backupLink);
  if (backupId !== undefined) return chooseBackup(links, backupId);
  const off = await pitrOffReason(deps, database);
  if (off !== undefined) throw new TidemarkError('target-outside-window', `${database.name} cannot be restored to a time: ${off}`);
  const open = await findOpenGeneration(deps.db, database.id);
  const plan = planOf(links, await loadHistories(deps.db, database.id, open?.policy_id), Date.parse(target ?? ''));
  const policyId = open?.policy_id ?? plan?.chain[0]?.row.policy_id;
  if (policyId === undefined) throw new TidemarkError('not-attached', `${database.name} is not attached to a policy`);
  return { policyId, plan };
}

function chooseBackup(links: readonly BackupLink[], backupId: string): Choice {
  const backup = links.find((link) => link.id === backupId);
  if (backup === undefined) throw invalidField('backupId', `the database has no backup ${backupId}`);
  return { policyId: backup.row.policy_id, plan: planBackupRestore(links, backupId) };
}

/** A restore is run by the policy that holds the keys and the bucket, and for its own databases; one that was deleted runs nothing. */
async function requireItsPolicy(deps: ApiDeps, database: DatabaseOverview, policyId: string): Promise<void> {
  if (database.policy_id === policyId) return;
  const { deleted_at: deletedAt, name } = await getPolicy(deps.db, policyId);
  if (deletedAt !== null)
    throw new TidemarkError(
      'not-attached',
      `the policy ${name}, which keeps this backup, was deleted: take that back (POST /api/v1/policies/${policyId}/undeletions), attach the database to it, and restore then`,
    );
  const moved = database.policy_name === null ? '' : `detach it from the policy "${database.policy_name}", `;
  throw new TidemarkError(
    'not-attached',
    `what is to be restored was taken under the policy "${name}", to which ${database.name} is not attached any more: ${moved}attach it to "${name}" again, then restore`,
  );
}

/** undefined when the target is later than the window's end. Throws `target-outside-window`. */
function planOf(
  links: readonly BackupLink[],
  histories: readonly GenerationHistory[],
  target: number,
): RestorePlan<BackupLink> | undefined {
  if (target > Date.now()) throw new TidemarkError('target-outside-window', `${new Date(target).toISOString()} lies in the future`);
  if (isAfterWindow(histories, target)) return undefined;
  return planTimeRestore(links, histories, target);
}

function isAfterWindow(histories: readonly GenerationHistory[], target: number): boolean {
  const newest = histories.at(-1);
  const hasBase = newest?.points.some((point) => point.consistentAt < target) ?? false;
  return hasBase && recoveryWindow(histories).intervals.every((interval) => interval.to < target);
}

function viewRestore(row: RestoreRow, taskId: string | null): z.infer<typeof restoreSchema> {
  return {
    id: row.id,
    databaseId: row.database_id,
    policyId: row.policy_id,
    backupId: row.backup_id,
    target: maybeIsoOf(row.target_at),
    baseBackupId: row.base_backup_id,
    generation: row.generation,
    taskId,
    createdAt: isoOf(row.created_at),
  };
}
