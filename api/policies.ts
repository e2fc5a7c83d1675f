import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { listAttachedDatabases } from '#db/attachments.ts';
import { listStoredBackups } from '#db/backups.ts';
import type { PolicyChange, PolicyRow } from '#db/policies.ts';
import { getPolicy, insertPolicy, listPolicies, lockPolicy, policyKeyPlace, secretKeyPlace, updatePolicy } from '#db/policies.ts';
import type { CatalogueTransaction } from '#db/tables.ts';
import { TidemarkError } from '#domain/errors.ts';
import { policyCreateSchema, policyEditSchema } from '#domain/policy.schema.ts';
import type { PolicyCreate, PolicyEdit, Retention } from '#domain/policy.schema.ts';
import type { Schedule } from '#domain/schedule.ts';
import { policyStatuses } from '#domain/states.ts';
import { changesOf } from './audit.ts';
import { idParams } from './answers.ts';
import { requireTemporal, startPolicyWorkflow, tellEdited, tellReset } from './operations.ts';
import { getVisiblePolicy, ownerFilter, ownerOfNew } from './ownership.ts';
import { pageOf, rowPageQuery } from './paging.ts';
import { listedPolicySchema, policySchema, viewListedPolicy, viewPolicy } from './policy-view.ts';
import { InvalidRequestError } from './problems.ts';
import { requireRevision } from './revisions.ts';
import { requireFresh } from './rights.ts';
import type { UserCall } from './route.ts';
import { defineRoute } from './route.ts';

const POLICY_KEY_BYTES = 32;

const policyQuery = rowPageQuery.extend({
  ownerId: z.uuid().optional().describe('Of one user; admins only.'),
  status: z.enum(policyStatuses).optional(),
  search: z.string().min(1).max(100).optional().describe('A part of the name.'),
});

export const policyRoutes = [
  defineRoute({
    method: 'post',
    path: '/api/v1/policies',
    operationId: 'createPolicy',
    summary: 'Create a backup policy. Its store is probed, and its schedule begins.',
    auth: 'user',
    problems: ['already-exists', 'temporal-unavailable'],
    body: policyCreateSchema,
    answer: { status: 201, description: 'Created; validating.', schema: policySchema },
    async handle(call) {
      const ownerId = await ownerOfNew(call, call.body.ownerId);
      await requireTemporal(call.deps);
      const policy = newPolicy(call, call.body, ownerId);
      await call.deps.db.transaction().execute(async (transaction) => {
        const { name, endpoint, bucket, prefix } = policy;
        await call.audit(`policy:${policy.id}`, { name, endpoint, bucket, prefix, ownerId }, transaction);
        await insertPolicy(transaction, policy);
      });
      await startPolicyWorkflow(call.deps, policy.id);
      return viewPolicy(await getPolicy(call.deps.db, policy.id));
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/policies',
    operationId: 'listPolicies',
    summary: 'The backup policies, by name.',
    auth: 'user',
    problems: ['not-allowed'],
    query: policyQuery,
    answer: { status: 200, description: 'The policies.', schema: pageOf(listedPolicySchema) },
    async handle(call) {
      const { limit, cursor, ownerId, ...filter } = call.query;
      const page = await listPolicies(call.deps.db, { ...filter, ownerId: ownerFilter(call.user, ownerId) }, { limit, cursor });
      return { ...page, items: page.items.map(viewListedPolicy) };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/policies/{id}',
    operationId: 'getPolicy',
    summary: 'One backup policy, with its next slots. Its secret key is never shown.',
    auth: 'user',
    params: idParams,
    answer: { status: 200, description: 'The policy.', schema: policySchema },
    handle: async (call) => viewPolicy(await getVisiblePolicy(call, call.params.id)),
  }),
  defineRoute({
    method: 'patch',
    path: '/api/v1/policies/{id}',
    operationId: 'editPolicy',
    summary: 'Change a backup policy; fields that are left out stay. Its store is probed again.',
    auth: 'user',
    problems: ['sign-in-not-fresh', 'already-exists', 'storage-in-use', 'policy-in-use', 'temporal-unavailable'],
    params: idParams,
    body: policyEditSchema,
    answer: { status: 200, description: 'Changed.', schema: policySchema },
    async handle(call) {
      const policy = await getVisiblePolicy(call, call.params.id);
      const { id } = policy;
      const change = changeOf(call, id, call.body);
      const fields = Object.keys(call.body);
      if (fields.length === 0) throw new InvalidRequestError([{ in: 'body', path: '', message: 'name at least one field to change' }]);
      if (keepsLess(policy, call.body)) requireFresh(call.user);
      await requireTemporal(call.deps);
      await call.deps.db.transaction().execute(async (transaction) => {
        await call.audit(
          `policy:${id}`,
          { fields, changes: changesOf(viewPolicy(policy), viewPolicy({ ...policy, ...change } as PolicyRow)) },
          transaction,
        );
        await requireRevision(transaction, 'policies', id, call.expectedRevision);
        await refuseMoving(transaction, policy, call.body.store);
        await updatePolicy(transaction, id, change);
      });
      await tellEdited(call.deps, id, { reachesHosts: fields.some((field) => reachingFields.has(field)) });
      return viewPolicy(await getPolicy(call.deps.db, id));
    },
  }),
  defineRoute({
    method: 'post',
    path: '/api/v1/policies/{id}/failure-resets',
    operationId: 'resetFailures',
    summary: 'Reset Failures: the count of failed backups begins anew, a paused policy goes on, and its store is probed.',
    auth: 'user',
    problems: ['temporal-unavailable'],
    params: idParams,
    answer: { status: 200, description: 'Reset; validating.', schema: policySchema },
    async handle(call) {
      const { id } = await getVisiblePolicy(call, call.params.id);
      await requireTemporal(call.deps);
      await call.deps.db.transaction().execute(async (transaction) => {
        await call.audit(`policy:${id}`, {}, transaction);
        await updatePolicy(transaction, id, { status: 'validating', consecutive_failures: 0, last_error: null });
      });
      await tellReset(call.deps, id);
      return viewPolicy(await getPolicy(call.deps.db, id));
    },
  }),
];

/** The next retention would remove what is kept now. */
function keepsLess(policy: PolicyRow, { retention, pitrEnabled }: PolicyEdit): boolean {
  if (pitrEnabled === false && policy.pitr_enabled) return true;
  const after = retention && retentionColumns(retention);
  return after !== undefined && retentionFields.some((field) => after[field] < policy[field]);
}

const retentionFields = ['retention_fulls', 'retention_incremental_days', 'retention_log_hours'] as const;

/** Fields of an edit that the hosts of attached databases have to hear of. */
const reachingFields: ReadonlySet<string> = new Set<keyof PolicyEdit>([
  'accessKey',
  'secretKey',
  'store',
  'pitrEnabled',
  'encryptionEnabled',
]);

/** Backups stay where they are: a policy that kept them would no longer find them. */
async function refuseMoving(transaction: CatalogueTransaction, policy: PolicyRow, store: PolicyEdit['store'] = {}): Promise<void> {
  const moves = (['endpoint', 'region', 'bucket', 'prefix'] as const).some((field) => (store[field] ?? policy[field]) !== policy[field]);
  if (!moves) return;
  await lockPolicy(transaction, policy.id);
  const stored = await listStoredBackups(transaction, policy.id);
  const attached = await listAttachedDatabases(transaction, policy.id);
  const place = `${policy.endpoint}/${policy.bucket}/${policy.prefix}`;
  if (stored.length > 0)
    throw new TidemarkError('storage-in-use', `the storage location cannot be changed: ${stored.length} backups lie at ${place}`);
  if (attached.length > 0)
    throw new TidemarkError(
      'policy-in-use',
      `the storage location cannot be changed while databases are attached: ${attached.map(({ name }) => name).join(', ')}`,
    );
}

function newPolicy(call: UserCall, body: PolicyCreate, ownerId: string) {
  const { sealer } = call.deps;
  const { secretKey, accessKey, caPem, ...place } = body.store;
  const id = randomUUID();
  return {
    id,
    owner_id: ownerId,
    name: body.name,
    ...place,
    access_key: accessKey,
    secret_key_sealed: sealer.seal(secretKey, secretKeyPlace(id)),
    ca_pem: caPem ?? null,
    ...scheduleColumns(body.schedule),
    ...retentionColumns(body.retention),
    pitr_enabled: body.pitrEnabled,
    log_archive_minutes: body.logArchiveMinutes,
    encryption_enabled: body.encryptionEnabled,
    policy_key_sealed: sealer.seal(randomBytes(POLICY_KEY_BYTES), policyKeyPlace(id)),
  };
}

function changeOf(call: UserCall, id: string, body: PolicyEdit): PolicyChange {
  return {
    // the workflow probes the store after every edit
    status: 'validating',
    ...(body.name === undefined ? {} : { name: body.name }),
    ...storeColumns(body.store),
    ...(body.accessKey === undefined ? {} : { access_key: body.accessKey }),
    ...(body.secretKey === undefined ? {} : { secret_key_sealed: call.deps.sealer.seal(body.secretKey, secretKeyPlace(id)) }),
    ...(body.schedule === undefined ? {} : scheduleColumns(body.schedule)),
    ...(body.retention === undefined ? {} : retentionColumns(body.retention)),
    ...(body.pitrEnabled === undefined ? {} : { pitr_enabled: body.pitrEnabled }),
    ...(body.encryptionEnabled === undefined ? {} : { encryption_enabled: body.encryptionEnabled }),
    ...(body.logArchiveMinutes === undefined ? {} : { log_archive_minutes: body.logArchiveMinutes }),
  };
}

function storeColumns({ caPem, ...location }: NonNullable<PolicyEdit['store']> = {}) {
  return { ...location, ...(caPem === undefined ? {} : { ca_pem: caPem }) };
}

function scheduleColumns({ fullFrequency, fullTime, fullDay, incrementalHours }: Schedule) {
  return { full_frequency: fullFrequency, full_time: fullTime, full_day: fullDay, incremental_hours: incrementalHours };
}

function retentionColumns({ fulls, incrementalDays, logHours }: Retention) {
  return { retention_fulls: fulls, retention_incremental_days: incrementalDays, retention_log_hours: logHours };
}
