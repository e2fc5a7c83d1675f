import { randomUUID } from 'node:crypto';
import { listAttachedDatabases } from '#db/attachments.ts';
import { listStoredBackups } from '#db/backups.ts';
import type { PolicyRow } from '#db/policies.ts';
import { lockPolicy, updatePolicy } from '#db/policies.ts';
import type { CatalogueTransaction } from '#db/tables.ts';
import { endTask, insertTask, listTasks } from '#db/tasks.ts';
import { TidemarkError } from '#domain/errors.ts';
import { policyDeletionSchema } from '#domain/policy.schema.ts';
import { idParams } from './answers.ts';
import { requireTemporal, startDeletion, tellEdited } from './operations.ts';
import { getDeletedPolicy, getPolicyEvenDeleted } from './ownership.ts';
import { policySchema, viewPolicy } from './policy-view.ts';
import { invalidField } from './problems.ts';
import { defineRoute } from './route.ts';
import { taskSchema } from './task-view.ts';
import { viewNewTask } from './tasks.ts';

export const policyDeletionRoutes = [
  defineRoute({
    method: 'post',
    path: '/api/v1/policies/{id}/deletions',
    operationId: 'deletePolicy',
    summary:
      'Delete a policy to which no database is attached. Its backups stay in the bucket, and can be restored once the deletion is taken back, or are deleted with it. What could not be deleted then can be asked for again.',
    auth: 'user',
    needs: 'fresh',
    problems: ['policy-in-use', 'database-busy', 'temporal-unavailable'],
    params: idParams,
    body: policyDeletionSchema,
    answer: { status: 202, description: 'The policy is gone; the task tells of its backups.', schema: taskSchema },
    async handle(call) {
      const policy = await getPolicyEvenDeleted(call, call.params.id);
      const { confirmName, backups } = call.body;
      if (confirmName !== policy.name) throw invalidField('confirmName', `must be the policy's name, "${policy.name}"`);
      await requireTemporal(call.deps);
      const taskId = randomUUID();
      // by itself: its lock would keep everybody waiting as long as Temporal does
      await call.audit(`policy:${policy.id}`, { taskId, backups });
      await call.deps.db.transaction().execute(async (transaction) => {
        await lockPolicy(transaction, policy.id);
        await refuseAttached(transaction, policy);
        await refuseDeleting(transaction, policy);
        await updatePolicy(transaction, policy.id, { deleted_at: new Date() });
        await insertTask(transaction, {
          id: taskId,
          kind: 'delete',
          owner_id: policy.owner_id,
          policy_id: policy.id,
          request_id: call.requestId,
        });
        // Before the row is seen to be gone; what it removes, it removes only after that.
        if (backups === 'delete') await startDeletion(call, { policyId: policy.id, taskId }, policy.name);
        else await endTask(transaction, taskId, { status: 'completed' });
      });
      // its workflow sees that the row is gone, and ends
      if (policy.deleted_at === null) await tellEdited(call.deps, policy.id, { reachesHosts: false });
      return viewNewTask(call.deps, taskId);
    },
  }),
  defineRoute({
    method: 'post',
    path: '/api/v1/policies/{id}/undeletions',
    operationId: 'undeletePolicy',
    summary: 'Take the deletion of a policy back. Once a database is attached to it again, the backups that were kept can be restored.',
    auth: 'user',
    problems: ['already-exists', 'database-busy', 'temporal-unavailable'],
    params: idParams,
    answer: { status: 200, description: 'It is there again; validating.', schema: policySchema },
    async handle(call) {
      const policy = await getDeletedPolicy(call, call.params.id);
      await requireTemporal(call.deps);
      const restored = { deleted_at: null, status: 'validating' } as const;
      await call.deps.db.transaction().execute(async (transaction) => {
        await call.audit(`policy:${policy.id}`, {}, transaction);
        await lockPolicy(transaction, policy.id);
        await refuseDoomed(transaction, policy);
        await updatePolicy(transaction, policy.id, { ...restored, name: policy.name });
      });
      // also where the workflow has not yet seen that its row was gone
      await tellEdited(call.deps, policy.id, { reachesHosts: false });
      return viewPolicy({ ...policy, ...restored });
    },
  }),
];

async function refuseAttached(transaction: CatalogueTransaction, policy: PolicyRow): Promise<void> {
  const attached = await listAttachedDatabases(transaction, policy.id);
  if (attached.length === 0) return;
  throw new TidemarkError('policy-in-use', `${policy.name} has databases attached: ${attached.map(({ name }) => name).join(', ')}`);
}

async function refuseDeleting(transaction: CatalogueTransaction, policy: PolicyRow): Promise<void> {
  if (await isDeleting(transaction, policy))
    throw new TidemarkError('database-busy', `backups of ${policy.name} are being deleted already`);
}

async function isDeleting(transaction: CatalogueTransaction, policy: PolicyRow): Promise<boolean> {
  const { items } = await listTasks(transaction, { policyId: policy.id, kind: 'delete', isUnfinished: true }, { limit: 1 });
  return items.length > 0;
}

/** What is being removed, or was to be and could not, is not there to be had back. */
async function refuseDoomed(transaction: CatalogueTransaction, policy: PolicyRow): Promise<void> {
  const doomed = (await listStoredBackups(transaction, policy.id)).filter(({ status }) => status === 'deleting');
  if (doomed.length === 0 && !(await isDeleting(transaction, policy))) return;
  throw new TidemarkError(
    'database-busy',
    `backups of ${policy.name} are being deleted; where that has failed, ask for the deletion again`,
  );
}
