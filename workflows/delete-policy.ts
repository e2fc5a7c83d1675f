import { endTaskAfter } from './end-task.ts';
import type { DeletePolicyInput } from './messages.ts';
import { transfers } from './proxies.ts';

/** Removes from its bucket all that a deleted policy has stored. */
export async function deletePolicy({ policyId, taskId }: DeletePolicyInput): Promise<void> {
  await endTaskAfter(taskId, () => transfers('Remove the backups of a deleted policy').removePolicyBackups({ policyId, taskId }));
}
