import { CancellationScope, getExternalWorkflowHandle, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { Failure, TaskRef } from '#activities/activities.ts';
import { policyWorkflowId } from '#domain/names.ts';
import type { TaskKind } from '#domain/states.ts';
import { endingOf, failureOf } from './failures.ts';
import { type OperationReport, operationEndedSignal } from './messages.ts';
import { catalogue } from './proxies.ts';

/** What is known while something is done to a database. */
export interface RunningOperation {
  readonly ref: TaskRef;
  readonly databaseName: string;
  /** Whether the database is under the policy now; the policy is told at the end. */
  attached: boolean;
  /** Gaps in the log archive that were found on the way; the policy tells people of them. */
  gaps: string[];
  /** That its backup was read elsewhere than the one before; people are told of that too. */
  sourceChange?: string | undefined;
  /** How its backup went, once there is one; the policy counts that. */
  backup?: OperationReport['backup'];
}

/** Tells the task's story around `work`: it begins, it ends well or with its failure, and the policy hears of it whatever happens. */
export async function runOperation(
  kind: TaskKind,
  title: string,
  { taskId, policyId, databaseId }: TaskRef,
  work: (operation: RunningOperation) => Promise<void>,
): Promise<void> {
  const ref: TaskRef = { taskId, policyId, databaseId };
  const operation: RunningOperation = { ref, databaseName: databaseId, attached: kind !== 'attach', gaps: [] };
  let error: unknown;
  try {
    const begun = await catalogue(`Begin the task: ${title}`).beginTask({ ...ref, kind, workflowId: workflowInfo().workflowId });
    Object.assign(operation, { databaseName: begun.databaseName });
    setCurrentDetails(`${title} of **${begun.databaseName}**`);
    await work(operation);
  } catch (thrown) {
    error = thrown ?? 'nothing was thrown';
  }
  const failure = error === undefined ? undefined : failureOf(error);
  // In this order: whoever sees that the task has ended may ask for the next operation at once.
  await CancellationScope.nonCancellable(async () => {
    await report(operation, kind, failure);
    await catalogue('End the task').endTask({ taskId, ...(failure && { failure }) });
  });
  if (error !== undefined) throw endingOf(error);
}

async function report(operation: RunningOperation, kind: TaskKind, error: Failure | undefined): Promise<void> {
  const { ref, databaseName, attached, gaps, sourceChange, backup } = operation;
  const words: OperationReport = {
    databaseId: ref.databaseId,
    taskId: ref.taskId,
    databaseName,
    kind,
    attached,
    ...(gaps.length > 0 && { gaps }),
    ...(sourceChange !== undefined && { sourceChange }),
    ...(error && { error }),
    ...(backup && { backup }),
  };
  try {
    await getExternalWorkflowHandle(policyWorkflowId(ref.policyId)).signal(operationEndedSignal, words);
  } catch {
    // The policy's workflow is gone; the task has been ended, so nobody is left to be told.
  }
}
