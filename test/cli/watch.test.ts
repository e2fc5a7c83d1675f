import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, request as requestHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { beginTask, endTask, enterPhase, insertTask, reportProgress } from '#db/tasks.ts';
import { isCommandThere } from '#standalone/commands.ts';
import { findFreePort } from '#standalone/ports.ts';
import { addDatabase } from '#test/api/fixtures.ts';
import { type LiveWorld, startLiveWorld } from '#test/api/live-world.ts';
import { policyBecomes } from '#test/api/waiting.ts';
import type { Catalogue } from '#db/tables.ts';
import { addToken, entry, openShell, type Shell } from './tidemark.ts';

let live: LiveWorld;
let db: Catalogue;
let shell: Shell;
beforeAll(async () => {
  live = await startLiveWorld();
  ({ db } = live.world);
  shell = await openShell({ TIDEMARK_URL: live.world.url, TIDEMARK_TOKEN: await addToken(db, live.caller.id) });
});
afterAll(async () => {
  await shell.remove();
  await live.stop();
});

const hasScript = process.platform === 'linux' && (await isCommandThere('script'));

describe('watching a task', () => {
  it('prints a line for each phase and tenth where no terminal is, and ends well with it', async () => {
    const id = await addBackupTask();
    const watched = watch(['tasks', 'watch', id]);
    await watched.shows(/UTC {2}queued\n$/);
    await beginTask(db, id, 'database-x');
    await enterPhase(db, id, 'copying');
    await watched.shows(/UTC {2}copying\n$/);
    for (const [done, line] of [
      [1, 'copying {2}10 %'],
      [5, 'copying {2}50 %'],
    ] as const) {
      await reportProgress(db, id, done, 10);
      await watched.shows(new RegExp(`UTC {2}${line}\n$`));
    }
    await endTask(db, id, { status: 'completed' });
    expect(await watched.ended).toEqual([0, null]);
    expect(watched.said.out).toMatch(/UTC {2}completed\nThe backup is completed in \d+ s\.\n$/);
    expect(watched.said.err).toBe('');
  });

  it('ends with exit code 1, the error and its hint when the task fails', async () => {
    const id = await addBackupTask();
    const watched = watch(['tasks', 'watch', id]);
    await watched.shows(/queued/);
    await endTask(db, id, { status: 'failed', error_code: 'disk-full', error_message: 'no space left on /var' });
    expect(await watched.ended).toEqual([1, null]);
    expect(watched.said.err).toBe('tidemark: no space left on /var\nFree space on the host.\n');
    const skipped = await addBackupTask();
    await endTask(db, skipped, { status: 'skipped' });
    expect(await shell.tidemark(['tasks', 'watch', skipped])).toMatchObject({
      exitCode: 1,
      stderr: 'tidemark: the backup ended as skipped\n',
    });
  });

  it('goes on when the API was away for a while', async () => {
    const port = await findFreePort();
    const gate = await openGate(port);
    const id = await addBackupTask();
    const environment = { ...shell.environment, TIDEMARK_URL: `http://127.0.0.1:${port}` };
    const watched = follow(spawn(process.execPath, [entry, 'tasks', 'watch', id], { env: environment }));
    await watched.shows(/queued/);
    await gate();
    await sleep(2_500);
    const again = await openGate(port);
    await endTask(db, id, { status: 'completed' });
    expect(await watched.ended).toEqual([0, null]);
    expect(watched.said.err).toBe('');
    await again();
  });

  it('prints nothing but the task as it ended as JSON', async () => {
    const id = await addBackupTask();
    await endTask(db, id, { status: 'failed', error_code: 'disk-full', error_message: 'no space left' });
    const { exitCode, stdout } = await shell.tidemark(['tasks', 'watch', id, '--json']);
    expect([exitCode, JSON.parse(stdout)]).toEqual([1, (await live.caller.ask('GET', `/tasks/${id}`)).body]);
  });

  it('of which there is none is refused at once', async () => {
    expect(await shell.tidemark(['tasks', 'watch', randomUUID()])).toMatchObject({ exitCode: 1, stdout: '' });
    expect(await shell.tidemark(['tasks', 'watch', '../databases'])).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it.skipIf(!hasScript)(
    'draws a bar for each phase at a terminal, and no colours under NO_COLOR (skipped where no `script` makes terminals)',
    async () => {
      for (const noColor of [undefined, '1']) {
        const id = await addBackupTask();
        await beginTask(db, id, 'database-x');
        await enterPhase(db, id, 'copying');
        await reportProgress(db, id, 1, 3);
        const command = `'${process.execPath}' '${entry}' tasks watch ${id}`;
        const env = { ...shell.environment, TERM: 'xterm', ...(noColor === undefined ? {} : { NO_COLOR: noColor }) };
        const watched = follow(
          spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env, stdio: ['ignore', 'pipe', 'pipe'] }),
        );
        await watched.shows(/\[Kcopying {25}\[#{10}-{20}\] {2}33\.3 % {2}\d s/);
        await endTask(db, id, { status: 'completed' });
        expect(await watched.ended).toEqual([0, null]);
        expect(watched.said.out.includes('\u001B[32m'), `NO_COLOR ${noColor}`).toBe(noColor === undefined);
      }
    },
  );
});

describe('what begins a task', () => {
  let databaseId: string;
  beforeAll(async () => {
    await live.startWorkers();
    const store = live.s3.address('backups');
    const { id } = await live.caller.ask('POST', '/policies', { name: 'Production daily', store, pitrEnabled: true });
    await policyBecomes(live.caller, id, 'active');
    databaseId = await addDatabase(live.world, live.caller.id, { name: 'orders-db' });
    // an address that workers refuse, so that nothing is tried again
    await db.updateTable('databases').set({ host: '169.254.1.1' }).where('id', '=', databaseId).execute();
  });

  it('tells its task, and with --watch follows it to its end: here a host that is refused', async () => {
    const watched = await shell.tidemark(['attach', 'orders-db', 'Production daily', '--watch']);
    expect(watched.stdout).toMatch(/^Attaching orders-db to Production daily has begun: task \S+\n.*UTC {2}[^]*UTC {2}failed\n$/);
    const [task] = (await live.caller.ask('GET', `/tasks?databaseId=${databaseId}`)).body['items'] as {
      error: { message: string; hint: string };
    }[];
    expect(watched).toMatchObject({ exitCode: 1, stderr: `tidemark: ${task?.error.message}\n${task?.error.hint}\n` });
    const backup = await shell.tidemark(['backup', 'orders-db', '--watch', '--json']);
    expect([backup.exitCode, JSON.parse(backup.stdout)]).toMatchObject([1, { kind: 'backup', status: 'failed', databaseId }]);
  });

  it('is begun once where the answer is lost on its way, and is followed although the first look fails', async () => {
    const before = await countBackupTasks();
    const asked: string[] = [];
    const gate = await openHttpGate((request, pass, response) => {
      asked.push(`${request.method} ${request.url?.replace(/[0-9a-f-]{36}/, '…')}`);
      const times = asked.filter((line) => line === asked.at(-1)).length;
      if (request.method === 'POST' && times === 1) return pass(() => request.socket.destroy());
      if (request.url?.includes('/tasks/') === true && times === 1) return refuse(response, 503, 'catalogue-unavailable');
      return pass();
    });
    const outcome = await gate.shell.tidemark(['backup', 'orders-db', '--watch', '--json']);
    await gate.close();
    const { id } = JSON.parse(outcome.stdout) as { id: string };
    expect(outcome).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(new RegExp(`^A backup of orders-db has begun: task ${id}\ntidemark: `)),
    });
    expect(asked.filter((line) => line.startsWith('POST')).length).toBe(2);
    expect(asked.filter((line) => line.includes('/tasks/')).length).toBeGreaterThan(1);
    expect(await countBackupTasks()).toBe(before + 1);
  });

  it('that has begun and cannot be followed ends with exit code 4, not as one that was not begun', async () => {
    const gate = await openHttpGate((request, pass, response) =>
      request.url?.includes('/tasks/') === true ? refuse(response, 401, 'not-signed-in') : pass(),
    );
    const outcome = await gate.shell.tidemark(['backup', 'orders-db', '--watch']);
    await gate.close();
    const [, id = ''] = /^A backup of orders-db has begun: task (\S+)\n$/.exec(outcome.stdout) ?? expect.fail(outcome.stdout);
    expect(outcome.exitCode).toBe(4);
    expect(outcome.stderr).toMatch(
      new RegExp(`^tidemark: the task ${id} has begun, and cannot be followed: .*\n.*tidemark tasks watch ${id}\n$`),
    );
    expect(await shell.tidemark(['tasks', 'watch', id])).toMatchObject({ exitCode: 1 });
  });

  it('tells only its task without --watch', async () => {
    const begun = await shell.tidemark(['detach', 'orders-db']);
    const words = /^Detaching orders-db from Production daily has begun: task (\S+)\nFollow it with: tidemark tasks watch \1\n$/;
    const id = words.exec(begun.stdout)?.[1] ?? expect.fail(begun.stdout);
    expect((await live.caller.ask('GET', `/tasks/${id}`)).body).toMatchObject({ kind: 'detach', databaseId });
    expect(await shell.tidemark(['tasks', 'watch', id])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('link-local') });
  });
});

async function addBackupTask(): Promise<string> {
  const id = randomUUID();
  await insertTask(db, { id, kind: 'backup', owner_id: live.caller.id });
  return id;
}

function watch(args: readonly string[]) {
  return follow(spawn(process.execPath, [entry, ...args], { env: shell.environment, stdio: ['ignore', 'pipe', 'pipe'] }));
}

function follow(child: ReturnType<typeof spawn>) {
  const said = { out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => void (said.out += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => void (said.err += text));
  return {
    said,
    ended: once(child, 'close'),
    shows: (words: RegExp) => vi.waitFor(() => expect(said.out).toMatch(words), { timeout: 20_000, interval: 50 }),
  };
}

/** Passes on to the API what comes to the port, until it is closed. */
async function openGate(port: number): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  const gate = createServer((near) => {
    const far = createConnection(Number(new URL(live.world.url).port), '127.0.0.1');
    for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined));
    near.pipe(far).pipe(near);
  }).listen(port, '127.0.0.1');
  await once(gate, 'listening');
  return async () => {
    for (const socket of sockets) socket.destroy();
    gate.close();
    await once(gate, 'close');
  };
}

async function countBackupTasks(): Promise<number> {
  return (await db.selectFrom('tasks').select('id').where('kind', '=', 'backup').execute()).length;
}

/** Decides on each request; `pass` has it answered by the API, unless it is told what to do when that has answered. */
type Gatekeeper = (request: IncomingMessage, pass: (instead?: () => void) => void, response: ServerResponse) => void;

/** A proxy that loses and refuses what it is told to, and a shell that knows no other way to the API. */
async function openHttpGate(keeper: Gatekeeper): Promise<{ readonly shell: Shell; close(): Promise<void> }> {
  const gate = createHttpServer((request, response) => {
    const pass = (instead?: () => void): void => {
      const { method, url, headers } = request;
      const far = requestHttp(`${live.world.url}${url}`, { method, headers }, (answer) => {
        if (instead === undefined) answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers));
        else answer.resume().on('end', instead);
      });
      request.pipe(far);
    };
    keeper(request, pass, response);
  }).listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const { port } = gate.address() as AddressInfo;
  const behind = await openShell({ ...shell.environment, TIDEMARK_URL: `http://127.0.0.1:${port}` });
  return {
    shell: behind,
    async close() {
      gate.closeAllConnections();
      gate.close();
      await behind.remove();
    },
  };
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'content-type': 'application/problem+json' })
    .end(JSON.stringify({ detail: `it is ${code}`, code, hint: '' }));
}
