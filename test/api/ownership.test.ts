import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRoutes } from '#api/routes.ts';
import { addAttached, addBackup, addDatabase, addPolicy, addRestore, addSshKey, addTask, privateKey } from './fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

let world: ApiWorld;
let ann: Caller;
let bob: Caller;
let admin: Caller;
/** Of ann. */
let hers: Record<'databases' | 'policies' | 'backups' | 'restores' | 'tasks' | 'ssh-keys', string>;
beforeAll(async () => {
  world = await startApiWorld();
  [ann, bob, admin] = [await world.addCaller(), await world.addCaller(), await world.addCaller('admin')];
  const of = await addAttached(world, ann.id);
  const backups = await addBackup(world.db, of);
  const [restores, tasks] = [await addRestore(world.db, of, backups), await addTask(world.db, ann.id, of.databaseId)];
  hers = { databases: of.databaseId, policies: of.policyId, backups, restores, tasks, 'ssh-keys': await addSshKey(world, ann.id) };
});
afterAll(() => world.stop());

const bodies: Record<string, () => unknown> = {
  editDatabase: () => ({ name: 'mine' }),
  deleteDatabase: () => ({ confirmName: 'x' }),
  editPolicy: () => ({ name: 'mine' }),
  attachDatabase: () => ({ databaseId: hers.databases }),
  deletePolicy: () => ({ confirmName: 'x', backups: 'keep' }),
  deleteBackup: () => ({ confirmBackups: 1 }),
  createRestore: () => ({ backupId: hers.backups, confirmName: 'x' }),
};
/** Users are only admins' to see; nobody but their owner sees sessions and tokens, which the matrix shows. */
const personal = ['sessions', 'tokens', 'users'];
const withId = createRoutes().filter(({ path }) => path.includes('{') && !personal.includes(path.split('/')[3] ?? ''));

describe("another user's things", () => {
  it.each(withId.map((route) => [route.operationId, route] as const))(
    'are not there for %s, exactly as what does not exist',
    async (operationId, route) => {
      const noun = route.path.split('/')[3] as keyof typeof hers;
      const ask = (id: string) =>
        bob.ask(
          route.method.toUpperCase(),
          route.path.replace('{id}', id).replace('{databaseId}', hers.databases) +
            (operationId === 'getRestorePlan' ? `?backupId=${hers.backups}` : ''),
          bodies[operationId]?.(),
        );
      const [another, none] = [await ask(hers[noun]), await ask(randomUUID())];
      expect([another.status, none.status]).toEqual([404, 404]);
      const comparable = ({ body }: typeof another) => JSON.stringify(body).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>');
      expect(comparable(another)).toBe(comparable(none));
    },
  );

  it('are in no list', async () => {
    for (const path of ['/databases', '/policies', '/tasks', `/tasks?databaseId=${hers.databases}`]) {
      expect((await bob.ask('GET', path)).body, path).toEqual({ items: [], nextCursor: null });
      expect(((await ann.ask('GET', path)).body['items'] as unknown[]).length, path).toBe(1);
      expect(((await admin.ask('GET', path)).body['items'] as unknown[]).length, path).toBe(1);
    }
  });

  it("cannot be reached through what is one's own", async () => {
    const [policyId, databaseId] = [await addPolicy(world, bob.id), await addDatabase(world, bob.id)];
    expect((await bob.ask('POST', `/policies/${policyId}/attachments`, { databaseId: hers.databases })).body).toMatchObject({
      status: 404,
      code: 'not-found',
    });
    expect((await bob.ask('DELETE', `/policies/${policyId}/attachments/${hers.databases}`)).status).toBe(404);
    const { body } = await bob.ask('GET', `/databases/${databaseId}`);
    const restore = { backupId: hers.backups, confirmName: body['name'] };
    expect((await bob.ask('POST', `/databases/${databaseId}/restores`, restore)).body).toMatchObject({
      status: 400,
      errors: [{ path: 'backupId' }],
    });
    const replica = {
      name: 'r',
      engine: 'postgresql',
      host: 'h',
      sshUser: 'u',
      sshPrivateKey: privateKey,
      role: 'replica',
      primaryId: hers.databases,
    };
    expect((await bob.ask('POST', '/databases', replica)).body).toMatchObject({ status: 400, errors: [{ path: 'primaryId' }] });
  });
});

describe('an admin', () => {
  it('sees everything of everybody', async () => {
    for (const [noun, id] of Object.entries(hers)) {
      const answer = await admin.ask('GET', `/${noun}/${id}`);
      expect(answer.status, noun).toBe(200);
      expect(answer.body['id']).toBe(id);
    }
  });

  it('does not attach what belongs to different users', async () => {
    const [policyId, databaseId] = [await addPolicy(world, bob.id), await addDatabase(world, ann.id)];
    expect((await admin.ask('POST', `/policies/${policyId}/attachments`, { databaseId })).body).toMatchObject({
      status: 409,
      code: 'not-attachable',
    });
  });
});

describe('a user', () => {
  it('may not create for somebody else', async () => {
    const store = { endpoint: 's3.example.com', bucket: 'backups', accessKey: 'a', secretKey: 's' };
    expect((await bob.ask('POST', '/policies', { name: 'p', store, ownerId: ann.id })).body).toMatchObject({
      status: 403,
      code: 'not-allowed',
    });
    expect((await admin.ask('POST', '/policies', { name: 'p', store, ownerId: randomUUID() })).body).toMatchObject({
      errors: [{ path: 'ownerId' }],
    });
  });
});
