import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRoutes } from '#api/routes.ts';
import { problemOf } from '#api/problems.ts';
import { canaries, privateKey } from './fixtures.ts';
import { type Answer, type ApiWorld, type Caller, startApiWorld } from './world.ts';

let world: ApiWorld;
let caller: Caller;
beforeAll(async () => {
  world = await startApiWorld();
  caller = await world.addCaller();
});
afterAll(() => world.stop());

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({
    type: `urn:tidemark:problem:${code}`,
    title: expect.any(String),
    status,
    code,
    detail: expect.any(String),
    hint: expect.any(String),
  });
  expect(answer.body['requestId']).toBe(answer.headers.get('x-request-id'));
  expect(answer.text).not.toMatch(/\bat .*\.(ts|js):\d+/);
}

const store = { endpoint: 's3.example.com', bucket: 'backups', accessKey: 'AKIA', secretKey: canaries.secretKey };
const database = { name: 'orders', engine: 'postgresql', host: 'db', sshUser: 'admin', sshPrivateKey: privateKey };

describe('a request that is wrong', () => {
  it.each<[string, string, string, unknown, string[]]>([
    [
      'every field of a database',
      'POST',
      '/databases',
      { name: '', engine: 'oracle', host: 'a b', port: 70_000, sshUser: 'a b', sshPrivateKey: '' },
      ['name', 'engine', 'host', 'port', 'sshUser', 'sshPrivateKey'],
    ],
    ['what is missing', 'POST', '/databases', {}, ['name', 'engine', 'host', 'sshUser', 'sshPrivateKey']],
    ['no body at all', 'POST', '/policies', undefined, ['name', 'store']],
    [
      'fields inside fields',
      'POST',
      '/policies',
      {
        name: 'p',
        store: { ...store, endpoint: 'https://x/', bucket: 'B' },
        schedule: { fullTime: '25:00', incrementalHours: 3 },
        retention: { fulls: 0 },
      },
      ['store.endpoint', 'store.bucket', 'schedule.fullTime', 'schedule.incrementalHours', 'retention.fulls'],
    ],
    [
      'what is not known',
      'POST',
      '/policies',
      { name: 'p', store: { ...store, colour: 'red' }, stauts: 'active' },
      ['store.colour', 'stauts'],
    ],
    ['a prefix that climbs', 'POST', '/store-tests', { ...store, prefix: 'a/../b' }, ['prefix']],
    ['a replica without a primary', 'POST', '/databases', { ...database, role: 'replica' }, ['primaryId']],
    ['an empty edit', 'PATCH', '/policies/3f0b7e9e-7a31-4c8b-9b43-0a7f3f1f5a11', [], ['']],
    ['an id', 'GET', '/databases/1', undefined, ['id']],
    ['a parameter that comes twice', 'GET', '/tasks?status=failed&status=failed', undefined, ['status']],
    [
      'keys of prototypes',
      'PATCH',
      '/me',
      '{"name": "x", "__proto__": {"role": "admin"}, "constructor": {}}',
      ['__proto__', 'constructor'],
    ],
    ['a filter', 'GET', '/tasks?status=done&databaseId=x&colour=red', undefined, ['databaseId', 'status', 'colour']],
    [
      'a target and a backup at once',
      'POST',
      '/databases/3f0b7e9e-7a31-4c8b-9b43-0a7f3f1f5a11/restores',
      { confirmName: 'x', target: '2026-11-22T21:50:11Z', backupId: '3f0b7e9e-7a31-4c8b-9b43-0a7f3f1f5a11' },
      ['target'],
    ],
    [
      'a target in parts of a second',
      'POST',
      '/databases/3f0b7e9e-7a31-4c8b-9b43-0a7f3f1f5a11/restores',
      { confirmName: 'x', target: '2026-11-22T21:50:11.5Z' },
      ['target'],
    ],
  ])('is told %s', async (_, method, path, body, fields) => {
    const answer = await caller.ask(method, path, body);
    expectProblem(answer, 400, 'invalid-request');
    const errors = answer.body['errors'] as { path: string; message: string; in: string }[];
    expect(new Set(errors.map((error) => error.path))).toEqual(new Set(fields));
    for (const { message } of errors) expect(message).not.toBe('');
    expect(answer.text).not.toContain(canaries.secretKey);
  });

  it('is told what a private key lacks, without the key', async () => {
    const openssh = (cipher: string) =>
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from(`openssh-key-v1\0\0\0\0${String.fromCharCode(cipher.length)}${cipher}`).toString('base64')}\n-----END OPENSSH PRIVATE KEY-----`;
    for (const [sshPrivateKey, message] of [
      [canaries.sshKey, 'BEGIN line'],
      [privateKey.replace('-----END', 'END'), 'BEGIN line'],
      [privateKey.replaceAll('RSA', 'ENCRYPTED'), 'passphrase'],
      [privateKey.replace(canaries.sshKey, `Proc-Type: 4,ENCRYPTED\n\n${canaries.sshKey}`), 'passphrase'],
      [openssh('aes256-ctr'), 'passphrase'],
    ] as const) {
      const answer = await caller.ask('POST', '/databases', { ...database, sshPrivateKey });
      expectProblem(answer, 400, 'invalid-request');
      expect(answer.body['errors']).toEqual([{ in: 'body', path: 'sshPrivateKey', message: expect.stringContaining(message) }]);
      expect(answer.text).not.toContain(canaries.sshKey);
    }
    // an unencrypted one comes as far as Temporal, which is down here
    expectProblem(
      await caller.ask('POST', '/databases', { ...database, sshPrivateKey: openssh('none').replaceAll('\n', '\r\n') }),
      503,
      'temporal-unavailable',
    );
  });

  it('is a problem also when it cannot be read', async () => {
    expectProblem(await caller.ask('POST', '/policies', '{"name": '), 400, 'invalid-request');
    expectProblem(
      await caller.ask('POST', '/policies', 'name=x', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'invalid-request',
    );
    expectProblem(await caller.ask('POST', '/policies', JSON.stringify({ name: 'x'.repeat(257 * 1024) })), 413, 'invalid-request');
    expectProblem(await caller.ask('GET', '/databases/%E0%A4%A'), 400, 'invalid-request');
  });

  it('finds no route, and is told so', async () => {
    expectProblem(await caller.ask('GET', '/databasez'), 404, 'not-found');
    expectProblem(await world.anonymous.ask('GET', '/api/v2/nothing'), 404, 'not-found');
  });
});

describe('somebody who is not signed in', () => {
  it('is answered 401 by every route but the open ones, before anything else is looked at', async () => {
    for (const route of createRoutes().filter(({ auth }) => auth !== 'none')) {
      const path = route.path.replaceAll(/\{\w+\}/g, 'x');
      const body = route.method === 'get' ? undefined : '{';
      expectProblem(
        await world.anonymous.ask(route.method.toUpperCase(), path, body, { cookie: 'tidemark_session=x' }),
        401,
        'not-signed-in',
      );
    }
  });
});

describe('an unexpected error', () => {
  it('shows nothing of itself', () => {
    expect(problemOf(new TypeError('password hunter2 of /etc/secret'), 'r')).toMatchObject({
      status: 500,
      code: 'internal',
      detail: expect.not.stringContaining('hunter2'),
    });
  });

  it('is a 503 with Retry-After when the catalogue is gone', async () => {
    const other = await startApiWorld();
    const theirs = await other.addCaller();
    await other.db.destroy();
    const gone = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
    expect(problemOf(gone, 'r')).toMatchObject({ status: 503, code: 'catalogue-unavailable' });
    expectProblem(await other.anonymous.ask('GET', '/readyz'), 503, 'catalogue-unavailable');
    expectProblem(await theirs.ask('GET', '/databases'), 500, 'internal');
    expect((await other.anonymous.ask('GET', '/healthz')).body).toEqual({ status: 'ok' });
    await other.stop();
  });
});
