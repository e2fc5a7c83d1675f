import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '#api/route.ts';
import { createRoutes } from '#api/routes.ts';
import { updatePolicy } from '#db/policies.ts';
import { isErrorCode } from '#domain/errors.ts';
import { addAttached, addBackup, addPolicy, addRestore, addTask, canaries } from './fixtures.ts';
import {
  exampleOf,
  type Hostile,
  type HostileAnswer,
  hostileBodies,
  hostileCredentials,
  hostileHeaders,
  hostilePaths,
  hostileQueries,
  hostileWholes,
  send,
} from './hostile-input.ts';
import { type ApiWorld, startApiWorld } from './world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld({ temporalTimeoutMs: 100 });
});
afterAll(() => world.stop());

const routes = createRoutes();
const named = (chosen: readonly Route[]) => chosen.map((route) => [route.operationId, route] as const);

/** An admin, who comes furthest, with one thing of each kind. */
async function prepare(route: Route): Promise<{ path: string; headers: Record<string, string> }> {
  const admin = await world.addCaller('admin');
  const of = await addAttached(world, admin.id);
  const backups = await addBackup(world.db, of);
  const deletedPolicy = await addPolicy(world, admin.id);
  await updatePolicy(world.db, deletedPolicy, { deleted_at: new Date() });
  const session = await world.db.selectFrom('sessions').select('id').where('user_id', '=', admin.id).executeTakeFirstOrThrow();
  const ids: Record<string, string> = {
    databases: of.databaseId,
    policies: route.operationId === 'undeletePolicy' ? deletedPolicy : of.policyId,
    backups,
    restores: await addRestore(world.db, of, backups),
    tasks: await addTask(world.db, admin.id, of.databaseId),
    users: admin.id,
    sessions: session.id,
  };
  const id = ids[route.path.split('/')[3] ?? ''] ?? admin.id;
  return {
    path: route.path.replace('{id}', id).replaceAll(/\{\w+\}/g, of.databaseId),
    headers: { ...admin.headers, 'content-type': 'application/json' },
  };
}

async function ask(route: Route, hostile: Hostile, headers: Record<string, string>): Promise<HostileAnswer> {
  const answer = await send(world.url, route.method.toUpperCase(), { ...hostile, headers: { ...headers, ...hostile.headers } });
  const told = `${route.method} ${hostile.path.slice(0, 120)} (${hostile.what}): ${answer.status} ${answer.text.slice(0, 300)}`;
  world.heard.push(answer.text);
  expect(answer.headers['x-injected'], told).toBeUndefined();
  if (answer.status < 400) return answer;
  expect(answer.headers['content-type'], told).toMatch(/^application\/problem\+json/);
  const problem = JSON.parse(answer.text) as { code?: unknown; hint?: string; status?: number };
  expect(isErrorCode(problem.code) && problem.status === answer.status && problem.hint !== '', told).toBe(true);
  if (answer.status >= 500) expect(problem.code, told).toBe('temporal-unavailable');
  if (hostile.isInvalid) expect(problem.code, told).toBe('invalid-request');
  return answer;
}

/** Refusals leave the catalogue as it was; what may be asked for all the same, such as a strange name, is not looked at. */
async function askAll(route: Route, hostiles: readonly Hostile[], headers: Record<string, string>): Promise<HostileAnswer[]> {
  const before = await everything();
  const answers = await Promise.all(hostiles.map((hostile) => ask(route, hostile, headers)));
  if (route.method === 'get' || answers.every(({ status }) => status >= 400)) expect(await everything()).toEqual(before);
  return answers;
}

/** Everything but what tells when somebody came, and that something was refused. */
async function everything(): Promise<unknown> {
  const tables = ['users', 'databases', 'policies', 'attachments', 'backups', 'restores', 'tasks', 'api_tokens', 'notices'] as const;
  const rows = await Promise.all(tables.map((table) => world.db.selectFrom(table).selectAll().execute()));
  return rows.map((found) => found.map((row) => JSON.stringify(row)).toSorted());
}

describe('hostile bodies', () => {
  const withBody = routes.filter(({ body }) => body !== undefined);

  it.each(named(withBody))('are refused by %s, field by field', async (_, route) => {
    const { path, headers } = await prepare(route);
    const groups = hostileBodies(path, exampleOf(route));
    expect(groups.length).toBeGreaterThan(0);
    for (const group of groups) await askAll(route, group, headers);
  });

  it.each(named(withBody))('are refused by %s as a whole', async (_, route) => {
    const { path, headers } = await prepare(route);
    const answers = await askAll(route, [...hostileWholes(path, exampleOf(route)), ...hostileHeaders(path, exampleOf(route))], headers);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400, 413, 415]));
  });
});

describe('hostile paths', () => {
  it.each(named(routes.filter(({ params }) => params !== undefined)))('are refused by %s', async (_, route) => {
    const { path, headers } = await prepare(route);
    const answers = await askAll(route, hostilePaths(route, path), headers);
    if (route.method !== 'get') expect(answers.filter(({ status }) => status < 400)).toEqual([]);
  });

  it('lead nowhere', async () => {
    const [first] = routes;
    if (first === undefined) throw new Error('there are no routes');
    for (const path of [
      '//',
      '/api//v1/me',
      '/api/v1/../../etc/passwd',
      '/api/v1/%2e%2e/healthz',
      '/api/v1/docs/..%2f..%2fpackage.json',
      '/%00',
      '/;',
      '*',
    ]) {
      const answer = await ask({ ...first, method: 'get' }, { what: 'path', path }, {});
      expect([400, 404], path).toContain(answer.status);
    }
  });
});

describe('hostile queries', () => {
  // events come as long as one listens
  it.each(named(routes.filter(({ method, answer }) => method === 'get' && answer.events === undefined)))(
    'are refused by %s, or do nothing',
    async (_, route) => {
      const { path, headers } = await prepare(route);
      const names = Object.keys((route.query as { shape?: object } | undefined)?.shape ?? {});
      if (route.query !== undefined) expect(names.length).toBeGreaterThan(0);
      await askAll(route, hostileQueries(path, names), headers);
    },
  );
});

describe('hostile credentials', () => {
  it.each(named(routes.filter(({ auth }) => auth !== 'none')))('open nothing of %s', async (_, route) => {
    const { path } = await prepare(route);
    const answers = await askAll(route, hostileCredentials(path), {});
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
  });
});

describe('what was answered and logged to all of that', () => {
  it('holds no secret that was sent', () => {
    expect(world.heard.length).toBeGreaterThan(1_000);
    for (const canary of Object.values(canaries)) expect(world.heard.filter((text) => text.includes(canary))).toEqual([]);
  });
});
