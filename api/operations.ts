import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ApplicationFailure,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { lockDatabase } from '#db/databases.ts';
import type { CatalogueTransaction } from '#db/tables.ts';
import { deleteQueuedTask, findUnfinishedOperation, insertRestore, insertTask, type NewRestore } from '#db/tasks.ts';
import { isErrorCode, messageOf, TidemarkError } from '#domain/errors.ts';
import { checkWorkflowId, deletionWorkflowId, policyWorkflowId, taskQueue } from '#domain/names.ts';
import type { TaskKind } from '#domain/states.ts';
import type {
  BackupOperation,
  CheckDatabaseInput,
  DeleteOperation,
  DeletePolicyInput,
  Operation,
  PolicyEdited,
  PolicyInput,
  RestoreOperation,
} from '#workflows/messages.ts';
import type { ApiDeps, UserCall } from './route.ts';

/** A server that is there answers this in milliseconds. */
const REACH_TIMEOUT_MS = 3_000;
/** A workflow whose task has ended needs a moment more until it is closed. */
export const START_TRIES = 5;
const BETWEEN_TRIES_MS = 500;

/** The updates of `policyWorkflow` and what each is given. */
interface Updates {
  attach: Operation;
  detach: Operation;
  manualBackup: BackupOperation;
  restore: RestoreOperation;
  deleteBackup: DeleteOperation;
  retryPitr: Operation;
}

interface OperationRequest<U extends keyof Updates> {
  readonly update: U;
  readonly kind: TaskKind;
  readonly policyId: string;
  readonly database: { readonly id: string; readonly owner_id: string };
  readonly more: Omit<Updates[U], keyof Operation>;
  readonly restore?: NewRestore;
}

/**
 * Asks the policy's workflow to do something to a database, and returns the id of its task.
 *
 * The task is there before it is asked for. A refusal takes it back and is thrown with the workflow's code;
 * `temporal-unavailable` leaves it in the one case in which nobody can say whether the request arrived.
 */
export async function requestOperation<U extends keyof Updates>(call: UserCall, request: OperationRequest<U>): Promise<string> {
  const { deps } = call;
  const { kind, policyId, database, restore } = request;
  await requireTemporal(deps);
  const taskId = randomUUID();
  await deps.db.transaction().execute(async (transaction) => {
    await call.audit(`database:${database.id}`, { taskId, policyId, ...request.more }, transaction);
    await refuseWhileBusy(transaction, database.id);
    if (restore !== undefined) await insertRestore(transaction, restore);
    await insertTask(transaction, {
      id: taskId,
      kind,
      owner_id: database.owner_id,
      database_id: database.id,
      policy_id: policyId,
      restore_id: restore?.id ?? null,
      request_id: call.requestId,
    });
  });
  try {
    await updatePolicyWorkflow(deps, policyId, {
      name: request.update,
      id: taskId,
      args: [{ taskId, databaseId: database.id, requestId: call.requestId, ...request.more }],
    });
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw notAnswered(error, taskId);
    await deleteQueuedTask(deps.db, taskId);
    throw refusal;
  }
  return taskId;
}

/**
 * The policy's workflow refuses that too, but Temporal lets only ten requests at once wait for its answer, and one policy does not know what
 * another one does.
 */
async function refuseWhileBusy(transaction: CatalogueTransaction, databaseId: string): Promise<void> {
  await lockDatabase(transaction, databaseId);
  const task = await findUnfinishedOperation(transaction, databaseId);
  if (task !== undefined) throw new TidemarkError('database-busy', `another operation has not ended: ${task.kind}, task ${task.id}`);
}

/** Starts the workflow that looks whether a database can be reached; its task has been inserted. */
export async function startCheck(call: UserCall, database: { id: string; name: string }, taskId: string, tries = 1): Promise<void> {
  const { deps } = call;
  const input: CheckDatabaseInput = { databaseId: database.id, taskId };
  const memo = memoOf(call, taskId);
  const options = { taskQueue, workflowId: checkWorkflowId(database.id), args: [input], memo, staticSummary: `Check of ${database.name}` };
  try {
    await startOnce(deps, 'checkDatabase', options, { taskId, busy: `${database.name} is being checked already`, tries });
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'database-busy') await deleteQueuedTask(deps.db, taskId);
    throw error;
  }
}

/** Starts the workflow that removes what a deleted policy has stored; its task has been inserted, by a transaction that fails with it. */
export async function startDeletion(call: UserCall, input: DeletePolicyInput, policyName: string): Promise<void> {
  const { taskId } = input;
  const staticSummary = `Deletion of the backups of ${policyName}`;
  const memo = memoOf(call, taskId);
  const options = { taskQueue, workflowId: deletionWorkflowId(input.policyId), args: [input], memo, staticSummary };
  const busy = `the backups of ${policyName} are being deleted already`;
  await startOnce(call.deps, 'deletePolicy', options, { taskId, busy, tries: START_TRIES });
}

/** What a log line of the request has in common with the workflow. */
function memoOf({ requestId }: UserCall, taskId: string): { taskId: string; requestId: string } {
  return { taskId, requestId };
}

async function startOnce(
  deps: ApiDeps,
  workflow: string,
  options: WorkflowStartOptions,
  { taskId, busy, tries }: { taskId: string; busy: string; tries: number },
): Promise<void> {
  for (let left = tries; ; left -= 1) {
    try {
      await withinTimeout(deps, () => deps.temporal.workflow.start(workflow, options));
      return;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw notAnswered(error, taskId);
      if (left === 1) throw new TidemarkError('database-busy', busy, { cause: error });
      await sleep(BETWEEN_TRIES_MS);
    }
  }
}

/** The policy's row has been inserted, or the workflow was lost. */
export async function startPolicyWorkflow(deps: ApiDeps, policyId: string): Promise<void> {
  const input: PolicyInput = { policyId };
  const options = { taskQueue, workflowId: policyWorkflowId(policyId), workflowIdConflictPolicy: 'USE_EXISTING', args: [input] } as const;
  try {
    await withinTimeout(deps, () => deps.temporal.workflow.start('policyWorkflow', options));
  } catch (error) {
    throw notAnswered(error, undefined);
  }
}

/** Tells the workflow that the policy's row was changed, or its store is good again. */
export async function tellEdited(deps: ApiDeps, policyId: string, edited: PolicyEdited): Promise<void> {
  await tellPolicy(deps, policyId, 'edit', [edited]);
}

/** Tells the workflow to forget its failures. */
export async function tellReset(deps: ApiDeps, policyId: string): Promise<void> {
  await tellPolicy(deps, policyId, 'resetFailures', []);
}

async function tellPolicy(deps: ApiDeps, policyId: string, name: string, args: [] | [PolicyEdited]): Promise<void> {
  try {
    await updatePolicyWorkflow(deps, policyId, { name, id: randomUUID(), args });
  } catch (error) {
    throw refusalOf(error) ?? notAnswered(error, undefined);
  }
}

/** Asked before anything is written, so that an outage leaves nothing behind. Throws `temporal-unavailable`. */
export async function requireTemporal(deps: ApiDeps): Promise<void> {
  try {
    const deadline = Date.now() + Math.min(REACH_TIMEOUT_MS, deps.settings.temporalTimeoutMs);
    await deps.temporal.withDeadline(deadline, () => deps.temporal.workflowService.getSystemInfo({}));
  } catch (error) {
    throw new TidemarkError('temporal-unavailable', 'Temporal does not answer; nothing was started', { cause: error });
  }
}

/** The code and message of a failure that a workflow threw on purpose. */
export function failureOf(cause: unknown): TidemarkError {
  if (cause instanceof ApplicationFailure && isErrorCode(cause.type)) return new TidemarkError(cause.type, cause.message, { cause });
  return new TidemarkError('internal', messageOf(cause), { cause });
}

interface UpdateRequest {
  readonly name: string;
  /** Temporal does an update of one id only once. */
  readonly id: string;
  readonly args: [] | [Operation | PolicyEdited];
}

/** A policy whose workflow is gone, because Temporal lost it or an operator ended it, gets a new one. */
async function updatePolicyWorkflow(deps: ApiDeps, policyId: string, update: UpdateRequest): Promise<void> {
  try {
    await executeUpdate(deps, policyId, update);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    await startPolicyWorkflow(deps, policyId);
    await executeUpdate(deps, policyId, update);
  }
}

async function executeUpdate(deps: ApiDeps, policyId: string, { name, id, args }: UpdateRequest): Promise<void> {
  const handle = deps.temporal.workflow.getHandle(policyWorkflowId(policyId));
  await withinTimeout(deps, async () => {
    if (args.length === 0) await handle.executeUpdate(name, { updateId: id });
    else await handle.executeUpdate(name, { updateId: id, args });
  });
}

export function withinTimeout<T>(deps: ApiDeps, ask: () => Promise<T>): Promise<T> {
  return deps.temporal.withDeadline(Date.now() + deps.settings.temporalTimeoutMs, ask);
}

/** undefined when the request may have arrived all the same. */
function refusalOf(error: unknown): TidemarkError | undefined {
  if (error instanceof WorkflowUpdateFailedError) return failureOf(error.cause);
  if (error instanceof TidemarkError) return error;
  return undefined;
}

function notAnswered(error: unknown, taskId: string | undefined): TidemarkError {
  const whereToLook = taskId === undefined ? '' : `; whether it was begun is not known yet, and task ${taskId} will tell`;
  const why = isGrpcServiceError(error) ? error.details : messageOf(error);
  return new TidemarkError('temporal-unavailable', `Temporal did not answer in time (${why})${whereToLook}`, { cause: error });
}
