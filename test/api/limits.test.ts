import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRoutes } from '#api/routes.ts';
import { readSettings } from '#api/settings.ts';
import { type Answer, type ApiWorld, type Caller, startApiWorld } from './world.ts';

const PER_MINUTE = 10;

let world: ApiWorld;
let ann: Caller;
let bob: Caller;
beforeAll(async () => {
  world = await startApiWorld({ requestsPerMinute: PER_MINUTE, temporalTimeoutMs: 100 });
  [ann, bob] = [await world.addCaller(), await world.addCaller()];
});
afterAll(() => world.stop());

async function askUntilRefused(caller: Caller, path: string): Promise<Answer[]> {
  const answers: Answer[] = [];
  while (answers.at(-1)?.status !== 429 && answers.length < 2 * PER_MINUTE) answers.push(await caller.ask('GET', path));
  return answers;
}

function expectTooMany(answer: Answer | undefined): void {
  expect(answer?.body).toMatchObject({ status: 429, code: 'too-many-requests', hint: expect.stringContaining('Retry-After') });
  expect(answer?.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(Number(answer?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(answer?.headers.get('retry-after'))).toBeLessThanOrEqual(60);
}

describe('the limit on requests', () => {
  it('is counted for each user, whatever they sign in with, and told by every answer', async () => {
    const answers = await askUntilRefused(ann, '/me');
    expect(answers.map(({ status }) => status)).toEqual([...Array<number>(PER_MINUTE).fill(200), 429]);
    expectTooMany(answers.at(-1));
    const told = answers.map(({ headers }) => /r=(\d+); t=\d+/.exec(headers.get('ratelimit') ?? '')?.[1]);
    expect(told).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0].map(String));
    expect(answers[0]?.headers.get('ratelimit-policy')).toContain('q=10; w=60');
    const program = await world.addProgram(ann.id, 'full');
    expectTooMany(await program.ask('GET', '/tasks'));
    expect((await bob.ask('GET', '/me')).status).toBe(200);
  });

  it('is counted for each address where nobody is signed in: wrong tokens, open routes, pages and what is not there', async () => {
    const paths = ['/me', '/openapi.json', '/api/v1/docs/start.js', '/nothing', '/api/v1/docs/swagger-ui.css'];
    const ask = (path: string) =>
      fetch(`${world.url}${path.startsWith('/api/') ? '' : '/api/v1'}${path}`, { headers: { authorization: 'Bearer x' } });
    for (const path of [...paths, ...paths]) expect((await ask(path)).status, path).not.toBe(429);
    for (const path of paths) {
      const refused = await ask(path);
      expect([refused.status, await refused.json()], path).toEqual([429, expect.objectContaining({ code: 'too-many-requests' })]);
    }
    expect((await bob.ask('GET', '/me')).status).toBe(200);
  });

  it('spares what looks whether the server lives', async () => {
    for (const path of ['/healthz', '/readyz']) {
      const answers = await askUntilRefused(world.anonymous, path);
      expect(answers).toHaveLength(2 * PER_MINUTE);
      expect(answers.map(({ status }) => status)).not.toContain(429);
    }
  });

  it('is a setting of the operator', () => {
    const needed = { TIDEMARK_DATABASE_URL: 'postgresql://x/y', TIDEMARK_MASTER_KEY_FILE: 'k' };
    expect(readSettings(needed).requestsPerMinute).toBe(600);
    expect(readSettings({ ...needed, TIDEMARK_REQUESTS_PER_MINUTE: '50' }).requestsPerMinute).toBe(50);
    expect(() => readSettings({ ...needed, TIDEMARK_REQUESTS_PER_MINUTE: '0' })).toThrow(/TIDEMARK_REQUESTS_PER_MINUTE/);
  });
});

describe('the limits of a body', () => {
  let roomy: ApiWorld;
  let caller: Caller;
  beforeAll(async () => {
    roomy = await startApiWorld();
    caller = await roomy.addCaller();
  });
  afterAll(() => roomy.stop());

  const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}${close.repeat(depth)}`;

  it('let 32 levels come as far as the schema, and refuse the 33rd, saying so', async () => {
    for (const [open, close] of [
      ['{"name":', '}'],
      ['[', ']'],
    ] as const) {
      const ask = (depth: number) => caller.ask('POST', '/policies', nested(depth - 1, open, close).replace(close, `[]${close}`));
      expect((await ask(32)).body['detail']).not.toContain('nested');
      expect((await ask(33)).body).toMatchObject({
        status: 400,
        code: 'invalid-request',
        detail: 'must not be nested deeper than 32 levels',
      });
    }
    expect((await caller.ask('POST', '/policies', nested(100_000, '[', ']'))).body['detail']).toContain('nested deeper than 32');
  });

  it('let only UTF-8 in, not what would become other characters', async () => {
    const ask = (bytes: Buffer, type: string) =>
      fetch(`${roomy.url}/api/v1/me`, {
        method: 'PATCH',
        body: new Uint8Array(bytes),
        headers: { ...caller.headers, 'content-type': type },
      });
    const body = JSON.stringify({ name: 'Zoë' });
    for (const type of ['application/json', 'application/json; charset=UTF-8', 'application/json;charset="utf-8"'])
      expect((await ask(Buffer.from(body), type)).status, type).toBe(200);
    const latin = await ask(Buffer.from(body, 'latin1'), 'application/json');
    expect(await latin.json()).toMatchObject({ status: 400, detail: 'must be in UTF-8' });
    expect((await ask(Buffer.from(body, 'utf16le'), 'application/json; charset=utf-16le')).status).toBe(415);
    expect((await ask(Buffer.from('{"name":"a"}'), 'application/json; charset=utf-7')).status).toBe(415);
    expect((await caller.ask('GET', '/me')).body['name']).toBe('Zoë');
  });

  it('answer less than was sent, however much of it is wrong', async () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 1]));
    const answer = await caller.ask('POST', '/policies', many);
    expect(answer.body['errors']).toHaveLength(100);
    expect(answer.text.length).toBeLessThan(20_000);
    const halves = await caller.ask('POST', '/policies', { ['k'.repeat(100_000)]: Array<string>(10_000).fill('\0') });
    expect(halves.status).toBe(400);
    expect(halves.text.length).toBeLessThan(100_000);
    const long = await caller.ask('POST', '/policies', { ['k'.repeat(200_000)]: 1 });
    expect(long.status).toBe(400);
    expect(long.text.length).toBeLessThan(2_000);
  });
});

describe('a method that a path does not have', () => {
  it('is refused with those that it has, on every path', async () => {
    const roomy = await startApiWorld();
    const caller = await roomy.addCaller();
    const routes = createRoutes();
    for (const path of new Set(routes.map((route) => route.path))) {
      const known = routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter((name) => !known.includes(name))) {
        const answer = await caller.ask(method, path.replaceAll(/\{\w+\}/g, 'x'));
        expect(answer.body, `${method} ${path}`).toMatchObject({ status: 405, code: 'method-not-allowed' });
        expect(answer.headers.get('allow')?.split(', ')).toEqual(expect.arrayContaining(known));
      }
    }
    await roomy.stop();
  });
});
