import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { NewDatabase } from '#db/databases.ts';
import { findDatabase, insertDatabase, listDatabaseOverviews, sshKeyPlace } from '#db/databases.ts';
import type { Catalogue } from '#db/tables.ts';
import { insertTask } from '#db/tasks.ts';
import { databaseCreateSchema } from '#domain/database.schema.ts';
import type { DatabaseCreate } from '#domain/database.schema.ts';
import { exampleIds } from '#domain/examples.ts';
import { databaseStatuses, engineNames } from '#domain/states.ts';
import { examplesOf, idParams } from './answers.ts';
import { databaseSchema, portOf, viewDatabase } from './database-view.ts';
import { requireTemporal, startCheck } from './operations.ts';
import { getVisibleDatabase, ownerFilter, ownerOfNew } from './ownership.ts';
import { flag, pageOf, rowPageQuery } from './paging.ts';
import { invalidField } from './problems.ts';
import type { UserCall } from './route.ts';
import { defineRoute } from './route.ts';
import { getLoginKey } from './ssh-keys.ts';
import { taskSchema } from './task-view.ts';
import { viewNewTask } from './tasks.ts';

const orders = {
  name: { column: 'name', direction: 'asc' },
  '-name': { column: 'name', direction: 'desc' },
  createdAt: { column: 'created_at', direction: 'asc' },
  '-createdAt': { column: 'created_at', direction: 'desc' },
} as const;

const databaseQuery = rowPageQuery.extend({
  ownerId: z.uuid().optional().describe('Of one user; admins only.'),
  engine: z.enum(engineNames).optional(),
  status: z.enum(databaseStatuses).optional(),
  isAttached: flag.optional(),
  search: z.string().min(1).max(100).optional().describe('A part of the name or the host.'),
  sort: z.enum(['name', '-name', 'createdAt', '-createdAt']).default('name'),
});

export const databaseRoutes = [
  defineRoute({
    method: 'post',
    path: '/api/v1/databases',
    operationId: 'createDatabase',
    summary: 'Register a database server. It is checked at once; the task tells how that goes.',
    auth: 'user',
    problems: ['already-exists', 'database-busy', 'temporal-unavailable'],
    body: databaseCreateSchema,
    answer: {
      status: 201,
      description: 'Registered.',
      schema: databaseSchema.extend({ taskId: z.uuid() }).meta({
        id: 'CreatedDatabase',
        examples: examplesOf(databaseSchema).map((database) => ({
          ...database,
          version: null,
          status: 'checking',
          checkedAt: null,
          lastFullAt: null,
          attachment: null,
          taskId: exampleIds.task,
        })),
      }),
    },
    async handle(call) {
      const owner_id = await ownerOfNew(call, call.body.ownerId);
      await requirePrimary(call.deps.db, call.body, owner_id);
      const privateKey = await getLoginKey(call, call.body, owner_id);
      await requireTemporal(call.deps);
      const database = newDatabase(call, call.body, { owner_id, privateKey });
      const taskId = randomUUID();
      await call.deps.db.transaction().execute(async (transaction) => {
        await call.audit(`database:${database.id}`, { name: database.name, host: database.host, ownerId: owner_id }, transaction);
        await requirePrimary(transaction, call.body, owner_id);
        await insertDatabase(transaction, database);
        await insertTask(transaction, { id: taskId, kind: 'check', owner_id, database_id: database.id, request_id: call.requestId });
      });
      await startCheck(call, database, taskId);
      return { ...viewDatabase(await getVisibleDatabase(call, database.id)), taskId };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/databases',
    operationId: 'listDatabases',
    summary: 'The databases, by name unless asked otherwise.',
    auth: 'user',
    problems: ['not-allowed'],
    query: databaseQuery,
    answer: { status: 200, description: 'The databases.', schema: pageOf(databaseSchema) },
    async handle(call) {
      const { limit, cursor, sort, ownerId, ...filter } = call.query;
      const order = orders[sort];
      const page = await listDatabaseOverviews(
        call.deps.db,
        { ...filter, ownerId: ownerFilter(call.user, ownerId) },
        { limit, cursor, order },
      );
      return { ...page, items: page.items.map(viewDatabase) };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/databases/{id}',
    operationId: 'getDatabase',
    summary: 'One database, with its host key and what it is attached to.',
    auth: 'user',
    params: idParams,
    answer: { status: 200, description: 'The database.', schema: databaseSchema },
    handle: async (call) => viewDatabase(await getVisibleDatabase(call, call.params.id)),
  }),
  defineRoute({
    method: 'post',
    path: '/api/v1/databases/{id}/checks',
    operationId: 'checkDatabase',
    summary: 'Check again that the database can be reached.',
    auth: 'user',
    problems: ['database-busy', 'temporal-unavailable'],
    params: idParams,
    answer: { status: 202, description: 'The check has begun.', schema: taskSchema },
    async handle(call) {
      const database = await getVisibleDatabase(call, call.params.id);
      await requireTemporal(call.deps);
      const taskId = randomUUID();
      await call.deps.db.transaction().execute(async (transaction) => {
        await call.audit(`database:${database.id}`, { taskId }, transaction);
        await insertTask(transaction, {
          id: taskId,
          kind: 'check',
          owner_id: database.owner_id,
          database_id: database.id,
          request_id: call.requestId,
        });
      });
      await startCheck(call, database, taskId);
      return viewNewTask(call.deps, taskId);
    },
  }),
];

/** A replica stands beside a primary of the same owner and engine. */
async function requirePrimary(db: Catalogue, { primaryId, engine }: DatabaseCreate, ownerId: string): Promise<void> {
  if (primaryId === undefined) return;
  const primary = await findDatabase(db, primaryId);
  if (primary?.owner_id !== ownerId || primary.deleted_at !== null) throw invalidField('primaryId', `there is no database ${primaryId}`);
  if (primary.role !== 'primary') throw invalidField('primaryId', `${primary.name} is a replica itself`);
  if (primary.engine !== engine) throw invalidField('primaryId', `${primary.name} is of another engine, ${primary.engine}`);
}

function newDatabase(call: UserCall, body: DatabaseCreate, more: { owner_id: string; privateKey: string }): NewDatabase {
  const id = randomUUID();
  return {
    id,
    owner_id: more.owner_id,
    name: body.name,
    engine: body.engine,
    host: body.host,
    port: portOf(body),
    ssh_port: body.sshPort,
    ssh_user: body.sshUser,
    ssh_key_sealed: call.deps.sealer.seal(more.privateKey, sshKeyPlace(id)),
    ssh_key_id: body.sshKeyId ?? null,
    host_key: body.hostKey ?? null,
    role: body.role,
    primary_id: body.primaryId ?? null,
  };
}
