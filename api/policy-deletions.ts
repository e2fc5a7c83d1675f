import { randomUUID } from 'node:crypto';
import { deletePolicyRow } from '#db/policies.ts';
import { endTask, insertTask } from '#db/tasks.ts';
import { policyDeletionSchema } from '#domain/policy.schema.ts';
import { idParams } from './answers.ts';
import { requireTemporal, startDeletion, tellPolicy } from './operations.ts';
import { getVisiblePolicy } from './ownership.ts';
import { invalidField } from './problems.ts';
import { defineRoute } from './route.ts';
import { taskSchema } from './task-view.ts';
import { viewNewTask } from './tasks.ts';

export const policyDeletionRoutes = [
  defineRoute({
    method: 'post',
    path: '/api/v1/policies/{id}/deletions',
    operationId: 'deletePolicy',
    summary: 'Delete a policy to which no database is attached. Its backups stay in the bucket and restorable, or are deleted with it.',
    auth: 'user',
    params: idParams,
    body: policyDeletionSchema,
    answer: { status: 202, description: 'The policy is gone; the task tells of its backups.', schema: taskSchema },
    async handle(call) {
      const policy = await getVisiblePolicy(call, call.params.id);
      const { confirmName, backups } = call.body;
      if (confirmName !== policy.name) throw invalidField('confirmName', `must be the policy's name, "${policy.name}"`);
      await requireTemporal(call.deps);
      const taskId = randomUUID();
      await call.deps.db.transaction().execute(async (transaction) => {
        await call.audit(`policy:${policy.id}`, { taskId, backups }, transaction);
        await deletePolicyRow(transaction, policy.id);
        await insertTask(transaction, { id: taskId, kind: 'delete', owner_id: policy.owner_id, policy_id: policy.id });
        // Before the row is seen to be gone: nobody could ask again. What it removes, it removes only after that.
        if (backups === 'delete') await startDeletion(call.deps, { policyId: policy.id, taskId }, policy.name);
        else await endTask(transaction, taskId, { status: 'completed' });
      });
      // its workflow sees that the row is gone, and ends
      await tellPolicy(call.deps, policy.id, 'edit', { reachesHosts: false });
      return viewNewTask(call.deps, taskId);
    },
  }),
];
