import { WorkflowNotFoundError } from '@temporalio/client';
import { failBackup } from '#db/backups.ts';
import type { TaskRow } from '#db/tasks.ts';
import { endTask, failQueuedTask, listTasksSince } from '#db/tasks.ts';
import { checkWorkflowId, deletionWorkflowId, policyWorkflowId } from '#domain/names.ts';
import { markUnchecked } from '#db/databases.ts';
import type { PolicyState } from '#workflows/messages.ts';
import { withinTimeout } from './operations.ts';
import type { ApiDeps } from './route.ts';
import { watch } from './watch.ts';

/** After the time that an answer may take, a request that Temporal has taken is noted within this. */
const PATIENCE_MS = 60_000;
const EVERY_MS = 60_000;

/**
 * Ends the tasks that were written down and then never arrived, because Temporal or this process was gone just then; one that arrives later
 * all the same finds its task ended, and does nothing. Ends also those whose workflow has been terminated or lost, and so cannot do it: no
 * other operation of their database would begin any more. Returns their ids. Throws when Temporal cannot say.
 */
export async function endLostRequests(deps: ApiDeps, now = Date.now()): Promise<string[]> {
  const before = new Date(now - deps.settings.temporalTimeoutMs - PATIENCE_MS);
  const lost: string[] = [];
  const problems: unknown[] = [];
  for (const task of [...(await listTasksSince(deps.db, 'queued', before)), ...(await listTasksSince(deps.db, 'running', before))]) {
    // one policy that cannot answer must not keep the others'
    await (task.status === 'running' ? endIfStopped(deps, task) : endIfLost(deps, task)).then(
      (isLost) => isLost && lost.push(task.id),
      (error: unknown) => problems.push(error),
    );
  }
  if (problems.length > 0) throw problems[0];
  return lost;
}

async function endIfLost(deps: ApiDeps, task: TaskRow): Promise<boolean> {
  if (await isExpected(deps, task)) return false;
  const { db } = deps;
  const message = 'Temporal was not there to take the request; nothing was done';
  await failQueuedTask(db, task.id, { code: 'request-lost', message });
  if (task.kind === 'check' && task.database_id !== null) await markUnchecked(db, task.database_id, message);
  return true;
}

/** A workflow that ends by itself ends its task before. */
async function endIfStopped(deps: ApiDeps, task: TaskRow): Promise<boolean> {
  if (task.workflow_id !== null && (await isRunning(deps, task.workflow_id))) return false;
  const { db } = deps;
  const failure = {
    code: 'operation-lost',
    message: 'its workflow does not run any more: it was terminated, or Temporal has lost it',
  } as const;
  if (task.backup_id !== null) await failBackup(db, task.backup_id, failure);
  await endTask(db, task.id, { status: 'failed', error_code: failure.code, error_message: failure.message });
  if (task.kind === 'check' && task.database_id !== null) await markUnchecked(db, task.database_id, failure.message);
  return true;
}

/** Looks every minute until it is stopped. */
export function watchLostRequests(deps: ApiDeps): { stop(): Promise<void> } {
  return watch(deps, EVERY_MS, 'lost requests', async () => {
    const lost = await endLostRequests(deps);
    if (lost.length > 0) deps.logger.warn({ tasks: lost }, 'tasks of lost requests and operations have been ended');
  });
}

/** Whether somebody has noted the request and will begin the task or refuse it. */
async function isExpected(deps: ApiDeps, task: TaskRow): Promise<boolean> {
  if (task.kind === 'check') return isRunning(deps, checkWorkflowId(task.database_id ?? ''));
  if (task.policy_id === null) return false;
  if (task.database_id === null) return isRunning(deps, deletionWorkflowId(task.policy_id));
  const workflowId = policyWorkflowId(task.policy_id);
  if (!(await isRunning(deps, workflowId))) return false;
  const { tasks } = await withinTimeout(deps, () => deps.temporal.workflow.getHandle(workflowId).query<PolicyState>('status'));
  return tasks.includes(task.id);
}

async function isRunning(deps: ApiDeps, workflowId: string): Promise<boolean> {
  try {
    const { status } = await withinTimeout(deps, () => deps.temporal.workflow.getHandle(workflowId).describe());
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
