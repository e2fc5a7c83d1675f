import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRoutes } from '#api/routes.ts';
import { updatePolicy } from '#db/policies.ts';
import { addAttached, addBackup, addDatabase, addPolicy, privateKey } from './fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

let world: ApiWorld;
let caller: Caller;
let of: { databaseId: string; policyId: string };
let backupId: string;
let freeId: string;
let deletedId: string;
beforeAll(async () => {
  world = await startApiWorld();
  caller = await world.addCaller();
  of = await addAttached(world, caller.id);
  backupId = await addBackup(world.db, of);
  freeId = await addDatabase(world, caller.id);
  deletedId = await addPolicy(world, caller.id);
  await updatePolicy(world.db, deletedId, { deleted_at: new Date() });
});
afterAll(() => world.stop());

const store = { endpoint: 's3.example.com', bucket: 'backups', accessKey: 'a', secretKey: 's' };
const asking: Record<string, () => Promise<{ path: string; body?: unknown }>> = {
  createDatabase: async () => ({
    path: '/databases',
    body: { name: 'new', engine: 'postgresql', host: 'h', sshUser: 'u', sshPrivateKey: privateKey },
  }),
  editDatabase: async () => ({ path: `/databases/${of.databaseId}`, body: { sshUser: 'other' } }),
  checkDatabase: async () => ({ path: `/databases/${of.databaseId}/checks` }),
  createPolicy: async () => ({ path: '/policies', body: { name: 'new', store } }),
  resetFailures: async () => ({ path: `/policies/${of.policyId}/failure-resets` }),
  deletePolicy: async () => {
    const { body } = await caller.ask('GET', `/policies/${of.policyId}`);
    return { path: `/policies/${of.policyId}/deletions`, body: { confirmName: body['name'], backups: 'delete' } };
  },
  undeletePolicy: async () => ({ path: `/policies/${deletedId}/undeletions` }),
  retryPitr: async () => ({ path: `/databases/${of.databaseId}/pitr-retries` }),
  deleteBackup: async () => ({ path: `/backups/${backupId}/deletions`, body: { confirmBackups: 1 } }),
  editPolicy: async () => ({ path: `/policies/${of.policyId}`, body: { name: 'renamed' } }),
  testDatabase: async () => ({ path: '/database-tests', body: { engine: 'mysql', host: 'h', sshUser: 'u' } }),
  testSavedDatabase: async () => ({ path: `/databases/${of.databaseId}/connection-tests` }),
  testStore: async () => ({ path: '/store-tests', body: store }),
  testPolicyStore: async () => ({ path: `/policies/${of.policyId}/store-tests` }),
  attachDatabase: async () => ({ path: `/policies/${of.policyId}/attachments`, body: { databaseId: freeId } }),
  detachDatabase: async () => ({ path: `/policies/${of.policyId}/attachments/${of.databaseId}` }),
  createBackup: async () => ({ path: `/databases/${of.databaseId}/backups` }),
  createRestore: async () => {
    const { body } = await caller.ask('GET', `/databases/${of.databaseId}`);
    return { path: `/databases/${of.databaseId}/restores`, body: { backupId, confirmName: body['name'] } };
  },
};
const withoutTemporal = ['sessions', 'me', 'tokens', 'users', 'ssh-keys'];
const askOnlyTheCatalogue = ['deleteDatabase', 'createRecoveryKit'];
const changing = createRoutes().filter(
  ({ method, path, operationId }) =>
    method !== 'get' && !withoutTemporal.includes(path.split('/')[3] ?? '') && !askOnlyTheCatalogue.includes(operationId),
);

describe('while Temporal does not answer', () => {
  it.each(changing.map((route) => [route.operationId, route] as const))(
    '%s answers 503 with Retry-After and leaves nothing behind',
    async (operationId, route) => {
      const { path, body } = (await asking[operationId]?.()) ?? { path: '' };
      const before = await everything();
      const answer = await caller.ask(route.method.toUpperCase(), path, body);
      expect(answer.body).toMatchObject({ status: 503, code: 'temporal-unavailable' });
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(await everything()).toEqual(before);
    },
  );

  it('says so when asked whether it is ready, and goes on listing', async () => {
    expect((await world.anonymous.ask('GET', '/readyz')).body).toMatchObject({ status: 503, code: 'temporal-unavailable' });
    expect((await caller.ask('GET', '/databases')).status).toBe(200);
  });
});

async function everything(): Promise<unknown> {
  const tables = ['databases', 'policies', 'tasks', 'restores', 'audit_rows'] as const;
  return Promise.all(tables.map((table) => world.db.selectFrom(table).selectAll().orderBy('id').execute()));
}
