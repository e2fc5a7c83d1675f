import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '#api/route.ts';
import { createRoutes } from '#api/routes.ts';
import { updatePolicy } from '#db/policies.ts';
import { addAttached, addBackup, addDatabase, addPolicy, addRestore, addSshKey, addTask, privateKey } from './fixtures.ts';
import { type Cell, type Column, columns, matrix } from './matrix.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.stop());

const routes = createRoutes();

describe('the matrix of rights', () => {
  it('has a row for every route, and no other', () => {
    expect(Object.keys(matrix).toSorted()).toEqual(routes.map(({ operationId }) => operationId).toSorted());
    for (const [operationId, row] of Object.entries(matrix)) expect(row.length, operationId).toBe(columns.length);
  });

  it.each(routes.map((route) => [route.operationId, route] as const))('holds for %s', async (operationId, route) => {
    const cells = columns.map((column, index) => [column, matrix[operationId]?.[index] ?? '-'] as const).filter(([, cell]) => cell !== '-');
    const found = await Promise.all(cells.map(async ([column]) => [column, await ask(column, route)] as const));
    expect(found).toEqual(cells);
  });
});

describe('a request that is refused', () => {
  it('is in the log with who asked, from where, for what, and why not', async () => {
    const caller = await world.addCaller();
    for (const [path, code] of [
      ['/users', 'not-allowed'],
      [`/policies/${randomUUID()}`, 'not-found'],
    ] as const) {
      const answer = await caller.ask('GET', path);
      const lines = world.heard.filter((line) => line.includes(String(answer.body['requestId'])) && line.includes('"answered"'));
      expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
        { method: 'GET', path: `/api/v1${path}`, status: answer.status, code, userId: caller.id, address: '127.0.0.1' },
      ]);
    }
  });
});

/** Everything new for each cell, so that what one of them ends is there for the next. */
async function ask(column: Column, route: Route): Promise<Cell> {
  const owner = await world.addCaller();
  const things = await addThings(owner);
  const caller = await callerOf(column, route, owner);
  const noun = route.path.split('/')[3] as keyof typeof things;
  const id = route.operationId === 'undeletePolicy' ? things.deletedPolicy : things[noun];
  const path = route.path.replace('{id}', id).replace('{databaseId}', things.databases);
  const query = route.operationId === 'getRestorePlan' ? `?backupId=${things.backups}` : '';
  const answer = await caller.ask(route.method.toUpperCase(), `${path}${query}`, route.body && bodyOf(route.operationId, things));
  return meaningOf(answer.body['code']);
}

function meaningOf(code: unknown): Cell {
  if (code === 'not-signed-in') return '401';
  if (code === 'not-allowed') return 'no';
  if (code === 'not-found') return '404';
  return code === 'sign-in-not-fresh' ? 'old' : 'yes';
}

async function callerOf(column: Column, route: Route, owner: Caller): Promise<Caller> {
  const permitted = route.auth === 'admin' ? await world.addCaller('admin') : owner;
  const callers: Record<Column, () => Promise<Caller>> = {
    nobody: async () => world.anonymous,
    owner: async () => owner,
    'another user': () => world.addCaller(),
    admin: () => world.addCaller('admin'),
    'a session of long ago': async () => {
      const confirmed_at = new Date(Date.now() - 16 * 60_000);
      await world.db.updateTable('sessions').set({ confirmed_at }).where('user_id', '=', permitted.id).execute();
      return permitted;
    },
    'a token to read': () => world.addProgram(permitted.id, 'read'),
    'a token to operate': () => world.addProgram(permitted.id, 'operate'),
    'a full token': () => world.addProgram(permitted.id, 'full'),
  };
  return callers[column]();
}

async function addThings(owner: Caller) {
  const of = await addAttached(world, owner.id);
  const backups = await addBackup(world.db, of);
  const deletedPolicy = await addPolicy(world, owner.id);
  await updatePolicy(world.db, deletedPolicy, { deleted_at: new Date() });
  await world.addProgram(owner.id, 'read');
  const row = (table: 'api_tokens' | 'sessions') =>
    world.db.selectFrom(table).select('id').where('user_id', '=', owner.id).executeTakeFirstOrThrow();
  return {
    databases: of.databaseId,
    policies: of.policyId,
    backups,
    restores: await addRestore(world.db, of, backups),
    tasks: await addTask(world.db, owner.id, of.databaseId),
    deletedPolicy,
    'ssh-keys': await addSshKey(world, owner.id),
    tokens: (await row('api_tokens')).id,
    sessions: (await row('sessions')).id,
    users: owner.id,
    free: await addDatabase(world, owner.id),
  };
}

function bodyOf(operationId: string, things: Awaited<ReturnType<typeof addThings>>): unknown {
  const store = { endpoint: 's3.example.com', bucket: 'backups', accessKey: 'a', secretKey: 's' };
  const name = `n-${randomUUID()}`;
  const password = 'wrong horse battery';
  const bodies: Record<string, unknown> = {
    createSession: { email: 'nobody@example.com', password },
    confirmSession: { password },
    changePassword: { currentPassword: password, newPassword: 'correct horse battery' },
    createToken: { name, scope: 'read' },
    createUser: { email: `${name}@example.com`, name, password },
    createDatabase: { name, engine: 'postgresql', host: 'h', sshUser: 'u', sshPrivateKey: privateKey },
    createPolicy: { name, store },
    testStore: store,
    testDatabase: { engine: 'postgresql', host: 'h', sshUser: 'u' },
    attachDatabase: { databaseId: things.free },
    deleteDatabase: { confirmName: 'x' },
    deletePolicy: { confirmName: 'x', backups: 'keep' },
    createRestore: { backupId: things.backups, confirmName: 'x' },
    deleteBackup: { confirmBackups: 1 },
  };
  return bodies[operationId] ?? (operationId.startsWith('edit') ? { name } : {});
}
