import { Context } from '@temporalio/activity';
import { failBackup, findBackup } from '#db/backups.ts';
import { getDatabase } from '#db/databases.ts';
import type { Catalogue } from '#db/tables.ts';
import { beginTask, endTask, findTask, insertTask, type TaskRow } from '#db/tasks.ts';
import { isErrorCode } from '#domain/errors.ts';
import { terminated } from '#domain/failures.ts';
import { databaseWorkflowId } from '#domain/names.ts';
import type { CatalogueActivities, Failure, LostOperation } from './activities.ts';
import type { ActivityDeps } from './context.ts';
import { refuseStrangers } from './ownership.ts';
import { wrapShort } from './wrap.ts';

type TaskActivities = Pick<CatalogueActivities, 'beginTask' | 'endTask' | 'recordSkip' | 'findLostOperations'>;

export function createTaskActivities({ db }: ActivityDeps): TaskActivities {
  return {
    beginTask: wrapShort(async ({ taskId, policyId, databaseId, kind, workflowId }) => {
      const database = await getDatabase(db, databaseId);
      await insertTask(db, {
        id: taskId,
        kind,
        owner_id: database.owner_id,
        database_id: databaseId,
        policy_id: policyId === '' ? null : policyId,
      });
      await refuseStrangers(db, { taskId, policyId, databaseId });
      await beginTask(db, taskId, workflowId);
      return { databaseName: database.name };
    }),

    endTask: wrapShort(async ({ taskId, failure }) => {
      if (failure === undefined) {
        await endTask(db, taskId, { status: 'completed' });
        return;
      }
      // A workflow that was terminated could not mark its backup failed itself.
      const task = await findTask(db, taskId);
      if (task?.backup_id !== undefined && task.backup_id !== null) await failBackup(db, task.backup_id, failure);
      await endTask(db, taskId, { status: 'failed', error_code: failure.code, error_message: failure.message });
    }),

    recordSkip: wrapShort(async ({ taskId, policyId, databaseId, kind, slotAt, reason }) => {
      const database = await getDatabase(db, databaseId);
      await insertTask(db, { id: taskId, kind: 'backup', owner_id: database.owner_id, database_id: databaseId, policy_id: policyId });
      await endTask(db, taskId, {
        status: 'skipped',
        error_message: `The ${kind} backup of ${new Date(slotAt).toISOString()} did not run: ${reason}`,
      });
    }),

    findLostOperations: wrapShort(async ({ operations }) => {
      const lost = await Promise.all(
        operations.map(async (operation) => ((await isLost(db, operation)) ? [await describeLost(db, operation)] : [])),
      );
      return lost.flat();
    }),
  };
}

/** How an operation ended that is lost: as its task has it, or by being terminated. */
export async function describeLost(db: Catalogue, operation: Pick<LostOperation, 'databaseId' | 'taskId'>): Promise<LostOperation> {
  const task = await findTask(db, operation.taskId);
  const failure = failureOf(task);
  if (task === undefined || task.backup_id === null) return { ...operation, ...(failure && { failure }) };
  const isTaken = (await findBackup(db, task.backup_id))?.status === 'completed';
  return { ...operation, ...(failure && { failure }), backup: { ...(!isTaken && failure && { error: failure }) } };
}

function failureOf(task: TaskRow | undefined): Failure | undefined {
  if (task?.status === 'completed') return undefined;
  return isErrorCode(task?.error_code) ? { code: task.error_code, message: task.error_message ?? '' } : terminated;
}

/** An operation is lost when its task has ended, or when nothing runs under the database's lock any more. */
async function isLost(db: Catalogue, { databaseId, taskId }: { databaseId: string; taskId: string }): Promise<boolean> {
  const task = await findTask(db, taskId);
  return (task !== undefined && task.ended_at !== null) || !(await isRunning(databaseWorkflowId(databaseId)));
}

async function isRunning(workflowId: string): Promise<boolean> {
  try {
    return (await Context.current().client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return false;
    throw error;
  }
}
