import { CancellationScope } from '@temporalio/workflow';
import { endingOf, failureOf } from './failures.ts';
import type { DeletePolicyInput } from './messages.ts';
import { catalogue, transfers } from './proxies.ts';

/** Removes from its bucket all that a deleted policy has stored. */
export async function deletePolicy({ policyId, taskId }: DeletePolicyInput): Promise<void> {
  try {
    await transfers('Remove the backups of a deleted policy').removePolicyBackups({ policyId, taskId });
  } catch (error) {
    await CancellationScope.nonCancellable(() => catalogue('End the task').endTask({ taskId, failure: failureOf(error) }));
    throw endingOf(error);
  }
  await catalogue('End the task').endTask({ taskId });
}
