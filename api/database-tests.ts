import { randomUUID } from 'node:crypto';
import type { DatabaseTest } from '#domain/database.schema.ts';
import { databaseTestSchema } from '#domain/database.schema.ts';
import { databaseProbeReportSchema } from '#domain/probe.schema.ts';
import { idParams } from './answers.ts';
import { portOf } from './database-view.ts';
import { requireTemporal } from './operations.ts';
import { getVisibleDatabase } from './ownership.ts';
import type { UserCall } from './route.ts';
import { defineRoute } from './route.ts';
import { runTest } from './run-test.ts';
import { findVisibleLoginKey } from './ssh-keys.ts';

const answer = { status: 200, description: 'What each step found.', schema: databaseProbeReportSchema };

export const databaseTestRoutes = [
  defineRoute({
    method: 'post',
    path: '/api/v1/database-tests',
    operationId: 'testDatabase',
    summary:
      'Test Connection before a database is saved: nothing is kept. Without a key it ends with the host key, for a person to confirm.',
    auth: 'user',
    body: databaseTestSchema,
    answer,
    async handle(call) {
      const privateKey = await findVisibleLoginKey(call, call.body);
      await requireTemporal(call.deps);
      await call.audit(`host:${call.body.host}:${call.body.sshPort}`);
      const id = randomUUID();
      const target = JSON.stringify(targetOf(id, call.body, privateKey));
      const sealed = call.deps.sealer.seal(target, { table: 'probe', row: id, column: 'database' }).toString('base64');
      return testDatabase(call, id, { id, sealed });
    },
  }),
  defineRoute({
    method: 'post',
    path: '/api/v1/databases/{id}/connection-tests',
    operationId: 'testSavedDatabase',
    summary: 'Test Connection on a saved database. Its status stays; a check changes it.',
    auth: 'user',
    params: idParams,
    answer,
    async handle(call) {
      const database = await getVisibleDatabase(call, call.params.id);
      await requireTemporal(call.deps);
      await call.audit(`database:${database.id}`);
      return testDatabase(call, randomUUID(), { databaseId: database.id });
    },
  }),
];

async function testDatabase(call: UserCall, id: string, input: Parameters<typeof runTest>[3]) {
  return databaseProbeReportSchema.parse(await runTest(call, 'testDatabase', `database-test-${id}`, input));
}

/** As the worker's prober takes it; the host is its name, for it has none yet. */
function targetOf(id: string, body: DatabaseTest, privateKey: string | undefined): object {
  const { engine, host, sshPort, sshUser, hostKey } = body;
  return { id, name: host, engine, host, port: portOf(body), sshPort, sshUser, privateKey, hostKey };
}
