import { z } from 'zod';
import type { AttachedDatabase } from '#db/attachments.ts';
import { listAttachedDatabases } from '#db/attachments.ts';
import type { DatabaseOverview } from '#db/databases.ts';
import type { PolicyRow } from '#db/policies.ts';
import { TidemarkError } from '#domain/errors.ts';
import { exampleIds } from '#domain/examples.ts';
import { engineNames, pitrStatuses } from '#domain/states.ts';
import { at, idParams, isoOf, listOf, maybeAt, maybeIsoOf } from './answers.ts';
import { requestOperation } from './operations.ts';
import { getVisibleDatabase, getVisiblePolicy, policyIdOf } from './ownership.ts';
import { defineRoute } from './route.ts';
import { taskSchema } from './task-view.ts';
import { viewNewTask } from './tasks.ts';

const attachmentCreateSchema = z
  .strictObject({ databaseId: z.uuid() })
  .meta({ id: 'AttachmentCreate', examples: [{ databaseId: exampleIds.database }] });
const attachmentParams = z.strictObject({ id: z.uuid(), databaseId: z.uuid() });

const attachmentSchema = z
  .object({
    databaseId: z.uuid(),
    databaseName: z.string(),
    engine: z.enum(engineNames),
    host: z.string(),
    lastFullAt: maybeAt,
    lastIncrementalAt: maybeAt,
    pitrStatus: z.enum(pitrStatuses),
    pitrMessage: z.string().nullable(),
    createdAt: at,
  })
  .meta({
    id: 'Attachment',
    examples: [
      {
        databaseId: exampleIds.database,
        databaseName: 'orders',
        engine: 'postgresql',
        host: 'db1.example.com',
        lastFullAt: '2026-11-22T02:09:30.000Z',
        lastIncrementalAt: null,
        pitrStatus: 'active',
        pitrMessage: null,
        createdAt: '2026-11-01T09:10:00.000Z',
      },
    ],
  });

export const attachmentRoutes = [
  defineRoute({
    method: 'post',
    path: '/api/v1/policies/{id}/attachments',
    operationId: 'attachDatabase',
    summary: 'Attach a database: tools are installed, PITR is armed, and a full backup is taken at once.',
    auth: 'user',
    problems: ['already-attached', 'not-attachable', 'database-busy', 'policy-not-ready', 'temporal-unavailable'],
    params: idParams,
    body: attachmentCreateSchema,
    answer: { status: 202, description: 'Attaching has begun.', schema: taskSchema },
    async handle(call) {
      const policy = await getVisiblePolicy(call, call.params.id);
      const database = await getVisibleDatabase(call, call.body.databaseId);
      requireAttachable(database, policy);
      const taskId = await requestOperation(call, { update: 'attach', kind: 'attach', policyId: policy.id, database, more: {} });
      return viewNewTask(call.deps, taskId);
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/policies/{id}/attachments',
    operationId: 'listAttachments',
    summary: "A policy's databases, by name.",
    auth: 'user',
    params: idParams,
    answer: { status: 200, description: 'The attachments.', schema: listOf(attachmentSchema) },
    async handle(call) {
      const policy = await getVisiblePolicy(call, call.params.id);
      return { items: (await listAttachedDatabases(call.deps.db, policy.id)).map(viewAttachment) };
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/api/v1/policies/{id}/attachments/{databaseId}',
    operationId: 'detachDatabase',
    summary: 'Detach a database. PITR is disarmed; the backups in the bucket stay.',
    auth: 'user',
    problems: ['not-attached', 'database-busy', 'policy-not-ready', 'temporal-unavailable'],
    params: attachmentParams,
    answer: { status: 202, description: 'Detaching has begun.', schema: taskSchema },
    async handle(call) {
      const policy = await getVisiblePolicy(call, call.params.id);
      const database = await getVisibleDatabase(call, call.params.databaseId);
      if (database.policy_id !== policy.id)
        throw new TidemarkError('not-found', `database ${database.name} is not attached to policy ${policy.name}`);
      const taskId = await requestOperation(call, { update: 'detach', kind: 'detach', policyId: policy.id, database, more: {} });
      return viewNewTask(call.deps, taskId);
    },
  }),
  defineRoute({
    method: 'post',
    path: '/api/v1/databases/{id}/pitr-retries',
    operationId: 'retryPitr',
    summary: 'Retry PITR Configuration: log archiving is set up and checked again; where its logs have a gap, a full opens a new window.',
    auth: 'user',
    problems: ['not-attached', 'database-busy', 'policy-not-ready', 'temporal-unavailable'],
    params: idParams,
    answer: { status: 202, description: 'It has begun.', schema: taskSchema },
    async handle(call) {
      const database = await getVisibleDatabase(call, call.params.id);
      const policyId = policyIdOf(database);
      const taskId = await requestOperation(call, { update: 'retryPitr', kind: 'configure', policyId, database, more: {} });
      return viewNewTask(call.deps, taskId);
    },
  }),
];

function requireAttachable(database: DatabaseOverview, policy: PolicyRow): void {
  const { name } = database;
  if (database.owner_id !== policy.owner_id)
    throw new TidemarkError('not-attachable', `${name} and the policy ${policy.name} belong to different users`);
  if (database.role !== 'primary') throw new TidemarkError('not-attachable', `${name} is a replica; attach its primary`);
  if (database.policy_id === policy.id) throw new TidemarkError('already-attached', `Database is already attached to this backup policy`);
  if (database.policy_id !== null) throw new TidemarkError('already-attached', 'Database is already attached to another backup policy');
  if (database.status !== 'active') throw new TidemarkError('not-attachable', `${name} is in status ${database.status}, not active`);
}

function viewAttachment(row: AttachedDatabase): z.infer<typeof attachmentSchema> {
  return {
    databaseId: row.database_id,
    databaseName: row.name,
    engine: row.engine,
    host: row.host,
    lastFullAt: maybeIsoOf(row.last_full_at),
    lastIncrementalAt: maybeIsoOf(row.last_incremental_at),
    pitrStatus: row.pitr_status,
    pitrMessage: row.pitr_message,
    createdAt: isoOf(row.created_at),
  };
}
