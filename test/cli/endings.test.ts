import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '#standalone/ports.ts';
import { entry, type Outcome, openShell, type Shell } from './tidemark.ts';

const token = 'tidemark_canary-4c1f';

let away: string;
let shell: Shell;
beforeAll(async () => {
  away = `http://127.0.0.1:${await findFreePort()}`;
  shell = await openShell({ TIDEMARK_URL: away, TIDEMARK_TOKEN: token });
  await mkdir(join(shell.home, 'bin'));
  await writeFile(join(shell.home, 'token.txt'), '');
  await symlink(entry, join(shell.home, 'bin', 'tidemark'));
});
afterAll(() => shell.remove());

/** Runs a line as it would be typed, where `tidemark` is on the PATH and an older Node may be too. */
async function type(line: string): Promise<Outcome> {
  const env = { ...shell.environment, PATH: `${join(shell.home, 'bin')}:/usr/local/bin:/usr/bin:/bin` };
  const child = spawn('sh', ['-c', line], { env, cwd: shell.home, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => void (said[name] += text));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { ...said, exitCode };
}

describe('an API that cannot be reached', () => {
  it('ends with exit code 3 at once, and says where it was sought', { timeout: 30_000 }, async () => {
    const outcome = await shell.tidemark(['databases', '--json']);
    expect(outcome).toMatchObject({ exitCode: 3, stdout: '' });
    expect(outcome.stderr).toMatch(
      new RegExp(`^tidemark: Tidemark cannot be reached at ${away}: connect ECONNREFUSED .*\nCheck .*NODE_EXTRA_CA_CERTS`),
    );
    expect(await shell.tidemark(['tasks', 'watch', '4d5b1c0e-7b7a-4d0e-9a51-0f6f2f3f9a11'])).toMatchObject({ exitCode: 3 });
  });

  it.each<[string, RequestListener, RegExp]>([
    [
      "a stranger's page",
      (_, response) => void response.setHeader('content-type', 'text/html').end('<html>'),
      /it answers 200, and not as Tidemark/,
    ],
    [
      "a stranger's JSON",
      (_, response) => void response.writeHead(500, { 'content-type': 'application/json' }).end('{}'),
      /it answers 500/,
    ],
    ['broken JSON', (_, response) => void response.setHeader('content-type', 'application/json').end('{"items": ['), /JSON/],
    ['a cut connection', (request) => void request.socket.destroy(), /other side closed|ECONNRESET/],
  ])('is also one that answers with %s', async (_, listener, words) => {
    const server = await serve(listener);
    const outcome = await askOnce(server);
    server.close();
    expect(outcome).toMatchObject({ exitCode: 3, stdout: '', stderr: expect.stringMatching(words) });
  });

  it('gets no token by way of a redirect', async () => {
    const heard: (string | undefined)[] = [];
    const thief = await serve((request, response) => {
      heard.push(request.headers.authorization);
      response.setHeader('content-type', 'application/json').end('{"items":[],"nextCursor":null}');
    });
    const server = await serve((_, response) => void response.writeHead(307, { location: `${urlOf(thief)}/api/v1/databases` }).end());
    const outcome = await askOnce(server);
    for (const one of [server, thief]) one.close();
    expect(outcome).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('307') });
    expect(heard).toEqual([]);
    expect(outcome.stderr).not.toContain(token);
  });
});

describe('what is to be begun', () => {
  it('is asked for some times under one key; without an answer it ends with exit code 4, and as one that may have begun', async () => {
    const keys: unknown[] = [];
    const server = await serve((request, response) => {
      if (request.method === 'GET') {
        answerDatabases(response);
        return;
      }
      keys.push(request.headers['idempotency-key']);
      request.socket.destroy();
    });
    const outcome = await askOnce(server, ['backup', 'orders-db']);
    server.close();
    expect(outcome).toMatchObject({ exitCode: 4, stdout: '' });
    expect(outcome.stderr).toMatch(/^tidemark: it may have begun, but no answer tells: .*\nLook at `tidemark tasks` before .*\n$/);
    expect(keys).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(/^[0-9a-f-]{36}$/)));
    expect(new Set(keys).size).toBe(1);
  });

  it('ends with exit code 3 where no connection came about, for then it has not begun', async () => {
    const server = await serve((_, response) => {
      answerDatabases(response);
      server.close();
    });
    expect(await askOnce(server, ['backup', 'orders-db'])).toMatchObject({
      exitCode: 3,
      stdout: '',
      stderr: expect.stringMatching(/^tidemark: Tidemark cannot be reached at .*ECONNREFUSED/),
    });
  });

  it('is removed by one request, which may also have begun', async () => {
    let times = 0;
    const server = await serve((request, response) => {
      if (request.method === 'GET') {
        answerDatabases(response);
        return;
      }
      times++;
      request.socket.destroy();
    });
    expect(await askOnce(server, ['detach', 'orders-db'])).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('may have begun'),
    });
    server.close();
    expect(times).toBe(1);
  });
});

describe('wrong use', () => {
  it.each([
    [['databses'], /^tidemark: unknown command .*\n.*Did you mean databases\?/],
    [['databases', 'orders-db'], /^tidemark: too many arguments/],
    [['backup'], /^tidemark: missing required argument 'database'/],
    [['backup', 'orders-db', '--kind', 'partial'], /Allowed choices are full, incremental/],
    [['restore', 'orders-db'], /--to TIME or --backup ID/],
    [['databases', '--attached', '--unattached'], /cannot be used with/],
    [[], /Usage: tidemark/],
  ])('ends with exit code 2 and says what is right: %j', async (args, words) => {
    expect(await shell.tidemark(args)).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(words) });
  });

  it('is also an address or a token that can be none', async () => {
    for (const variables of [
      { TIDEMARK_URL: 'tidemark.example.com' },
      { TIDEMARK_URL: 'https://user:secret@x' },
      { TIDEMARK_TOKEN: 'a b' },
    ]) {
      const wrong = await openShell({ ...shell.environment, ...variables });
      const outcome = await wrong.tidemark(['databases']);
      expect([variables, outcome.exitCode]).toEqual([variables, 2]);
      expect(outcome.stderr).not.toContain('canary');
      await wrong.remove();
    }
  });
});

describe('the help', () => {
  const endings = [
    ['tidemark logout', 0, /^$/],
    ['tidemark login', 2, /the token is empty/],
    ['tidemark', 3, /cannot be reached/],
  ] as const;

  it('has for every command examples, each of which is right use', { timeout: 300_000 }, async () => {
    const examples: string[] = [];
    const commands: string[][] = [[]];
    for (let words = commands.shift(); words !== undefined; words = commands.shift()) {
      const { stdout, exitCode } = await shell.tidemark([...words, '--help']);
      const found = [...stdout.matchAll(/^ {2}(tidemark .*)$/gm)].map(([, line]) => line ?? '');
      expect([words, exitCode, found.length > 0]).toEqual([words, 0, true]);
      examples.push(...found);
      const listed = /\nCommands:\n([^]*?)\n\n/.exec(stdout)?.[1] ?? '';
      commands.push(...[...listed.matchAll(/^ {2}(?!help)(\w+)/gm)].map(([, name]) => [...words, name ?? '']));
    }
    expect(examples.length).toBeGreaterThan(20);
    for (const example of examples) {
      // what is right comes as far as the API, which is not there; login as far as the token, which is empty
      const { exitCode, stderr } = await type(example);
      const [, code, words] = endings.find(([start]) => example.startsWith(start)) ?? expect.fail(example);
      expect([example, exitCode]).toEqual([example, code]);
      expect(stderr, example).toMatch(words);
    }
  });

  it('tells of the environment, private authorities and exit codes', async () => {
    const { stdout } = await shell.tidemark(['--help']);
    for (const word of ['TIDEMARK_URL', 'TIDEMARK_TOKEN', 'NODE_EXTRA_CA_CERTS', 'NO_COLOR', 'Exit codes']) expect(stdout).toContain(word);
  });
});

describe('the command', () => {
  it("runs by its own file with the project's Node, also by a link to it, and ends quietly when nobody reads on", async () => {
    expect(await type('tidemark --version')).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(await type(`'${entry}' --version`)).toMatchObject({ exitCode: 0 });
    expect(await type('tidemark --help | true')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });
});

async function serve(listener: RequestListener): Promise<Server> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** One, as far as the command line looks at it. */
function answerDatabases(response: ServerResponse): void {
  const attachment = { policyId: '4d5b1c0e-7b7a-4d0e-9a51-0f6f2f3f9a11', policyName: 'nightly' };
  const items = [{ id: '7d9f3c52-55a3-4a5e-8c44-4a4a53a2f0f4', name: 'orders-db', attachment }];
  response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify({ items, nextCursor: null }));
}

async function askOnce(server: Server, args: readonly string[] = ['databases']): Promise<Outcome> {
  const visitor = await openShell({ TIDEMARK_URL: urlOf(server), TIDEMARK_TOKEN: token });
  return visitor.tidemark(args).finally(() => visitor.remove());
}
