import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { countStoredBackups } from '#db/backups.ts';
import type { DatabaseChange, DatabaseOverview } from '#db/databases.ts';
import { findDatabaseOverview, listReplicas, lockDatabase, markDatabaseDeleted, sshKeyPlace, updateDatabase } from '#db/databases.ts';
import type { Catalogue } from '#db/tables.ts';
import { insertTask, listTasks } from '#db/tasks.ts';
import type { DatabaseEdit } from '#domain/database.schema.ts';
import { databaseDeletionSchema, databaseEditSchema } from '#domain/database.schema.ts';
import { TidemarkError } from '#domain/errors.ts';
import { exampleIds } from '#domain/examples.ts';
import { examplesOf, idParams } from './answers.ts';
import { changesOf } from './audit.ts';
import { databaseSchema, viewDatabase } from './database-view.ts';
import { requireTemporal, START_TRIES, startCheck } from './operations.ts';
import { getVisibleDatabase } from './ownership.ts';
import { InvalidRequestError, invalidField } from './problems.ts';
import { requireRevision } from './revisions.ts';
import type { UserCall } from './route.ts';
import { defineRoute } from './route.ts';
import { findLoginKey } from './ssh-keys.ts';

export const databaseEditRoutes = [
  defineRoute({
    method: 'patch',
    path: '/api/v1/databases/{id}',
    operationId: 'editDatabase',
    summary: 'Change a name or how the host is reached; fields that are left out stay. What reaches the host is checked at once.',
    auth: 'user',
    problems: ['already-exists', 'database-busy', 'database-in-use', 'temporal-unavailable'],
    params: idParams,
    body: databaseEditSchema,
    answer: {
      status: 200,
      description: 'Changed; the task tells how the check goes, where one was needed.',
      schema: databaseSchema.extend({ taskId: z.uuid().nullable() }).meta({
        id: 'EditedDatabase',
        examples: examplesOf(databaseSchema).map((database) => ({ ...database, status: 'checking', taskId: exampleIds.task })),
      }),
    },
    async handle(call) {
      const database = await getVisibleDatabase(call, call.params.id);
      const fields = Object.keys(call.body);
      if (fields.length === 0) throw new InvalidRequestError([{ in: 'body', path: '', message: 'name at least one field to change' }]);
      requireSameServer(database, call.body);
      const isReached = fields.some((field) => field !== 'name');
      const privateKey = await findLoginKey(call, call.body, database.owner_id);
      const change = changeOf(call, database.id, call.body, { isReached, privateKey });
      const taskId = isReached ? randomUUID() : null;
      if (isReached) await requireTemporal(call.deps);
      await call.deps.db.transaction().execute(async (transaction) => {
        const changes = changesOf(viewDatabase(database), viewDatabase({ ...database, ...change }));
        await call.audit(`database:${database.id}`, { fields, changes }, transaction);
        await requireRevision(transaction, 'databases', database.id, call.expectedRevision);
        // another machine in the middle of what runs would be given its second half
        if (call.body.hostKey !== undefined) await refuseUnfinished(transaction, database);
        else if (isReached) await refuseUnfinished(transaction, database, 'check');
        await updateDatabase(transaction, database.id, change);
        if (taskId !== null)
          await insertTask(transaction, {
            id: taskId,
            kind: 'check',
            owner_id: database.owner_id,
            database_id: database.id,
            request_id: call.requestId,
          });
      });
      if (taskId !== null) await startCheck(call, { id: database.id, name: change.name ?? database.name }, taskId, START_TRIES);
      return { ...viewDatabase(await getVisibleDatabase(call, database.id)), taskId };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/api/v1/databases/{id}/deletions',
    operationId: 'deleteDatabase',
    summary:
      'Remove a database from Tidemark, with its SSH key. Refused while it is attached or a backup of it is kept; nothing on its host changes.',
    auth: 'user',
    problems: ['database-busy', 'database-in-use'],
    params: idParams,
    body: databaseDeletionSchema,
    answer: { status: 204, description: 'It is gone from every list.' },
    async handle(call) {
      const database = await getVisibleDatabase(call, call.params.id);
      if (call.body.confirmName !== database.name) throw invalidField('confirmName', `must be the database's name, "${database.name}"`);
      await call.deps.db.transaction().execute(async (transaction) => {
        await call.audit(`database:${database.id}`, { name: database.name }, transaction);
        await lockDatabase(transaction, database.id);
        await refuseUnfinished(transaction, database);
        // a backup may be read from it
        const primary = database.primary_id === null ? undefined : await findDatabaseOverview(transaction, database.primary_id);
        if (primary !== undefined) await refuseUnfinished(transaction, primary);
        await refuseInUse(transaction, database.id);
        await markDatabaseDeleted(transaction, database.id);
      });
    },
  }),
];

/** Its backups are those of one server: that another one listens at another port may not come between them. */
function requireSameServer(database: DatabaseOverview, { port }: DatabaseEdit): void {
  if (port === undefined || port === database.port || database.policy_id === null) return;
  throw new TidemarkError(
    'database-in-use',
    `the port of ${database.name} cannot be changed while it is attached to ${database.policy_name}`,
  );
}

function changeOf(
  call: UserCall,
  id: string,
  body: DatabaseEdit,
  { isReached, privateKey }: { isReached: boolean; privateKey: string | undefined },
): DatabaseChange {
  const { name, host, port, sshPort, sshUser, sshKeyId, hostKey } = body;
  return {
    ...(isReached ? { status: 'checking', status_message: null } : {}),
    ...(name === undefined ? {} : { name }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(sshPort === undefined ? {} : { ssh_port: sshPort }),
    ...(sshUser === undefined ? {} : { ssh_user: sshUser }),
    ...(hostKey === undefined ? {} : { host_key: hostKey }),
    ...(privateKey === undefined
      ? {}
      : { ssh_key_sealed: call.deps.sealer.seal(privateKey, sshKeyPlace(id)), ssh_key_id: sshKeyId ?? null }),
  };
}

/** Without a kind: of any. */
async function refuseUnfinished(db: Catalogue, { id, name }: DatabaseOverview, kind?: 'check'): Promise<void> {
  const { items } = await listTasks(db, { databaseId: id, kind, isUnfinished: true }, { limit: 1 });
  if (items[0] !== undefined)
    throw new TidemarkError('database-busy', `the task ${items[0].kind} (${items[0].id}) of ${name} has not ended`);
}

async function refuseInUse(transaction: Catalogue, id: string): Promise<void> {
  const database = await findDatabaseOverview(transaction, id);
  if (database === undefined) throw new TidemarkError('not-found', `there is no database ${id}`);
  const replicas = await listReplicas(transaction, id);
  const backups = await countStoredBackups(transaction, id);
  const reason =
    (database.policy_id !== null && `is attached to ${database.policy_name}`) ||
    (replicas.length > 0 && `has replicas: ${replicas.map(({ name }) => name).join(', ')}`) ||
    (backups > 0 && `has ${backups} ${backups === 1 ? 'backup that is' : 'backups that are'} kept`);
  if (reason !== false) throw new TidemarkError('database-in-use', `${database.name} ${reason}`);
}
