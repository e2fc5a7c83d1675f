import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Server as SshServer, utils } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProbeTarget, probeDatabase } from '#activities/database-probe.ts';
import { createSshKeyPair } from '#api/ssh-key-pair.ts';
import { createNetworkGuard } from '#activities/stores/networks.ts';
import type { DatabaseProbeStep } from '#domain/states.ts';
import { createSshKey } from '#lab/ssh-key.ts';
import { startSilentHost } from '#test/api/silent-host.ts';
import { publicKeyOf } from '#test/contracts/host.ts';
import { labHost, openTestLab } from '#test/lab.ts';

const machine = 'mariadb-replica';
const guard = createNetworkGuard({ allowed: ['127.0.0.0/8'] });
const strangerKey = await createSshKey();
const madeKey = createSshKeyPair();
const OLD_PORT = 3310;

let target: ProbeTarget & { readonly hostKey: string; readonly privateKey: string };

beforeAll(async () => {
  const { host, port: sshPort, user: sshUser, privateKey, hostKey } = await labHost(machine);
  target = { id: 'probe', name: 'orders', engine: 'mariadb', host, port: 3306, sshPort, sshUser, privateKey, hostKey };
  await onMachine(`
    for user in plain shut; do
      useradd --create-home --shell /bin/bash $user
      install -d -m 0700 -o $user /home/$user/.ssh
      printf '%s\\n' '${publicKeyOf(privateKey)}' '${madeKey.publicKey}' >/home/$user/.ssh/authorized_keys
    done
    usermod --shell /usr/sbin/nologin shut`);
});
afterAll(() => onMachine('userdel --remove plain; userdel --remove shut'));

describe('Test Connection of a database', () => {
  it('finds every step good, and tells version, role and host key', async () => {
    const { report } = await probe({});
    expect(report).toMatchObject({
      ok: true,
      hostKey: target.hostKey,
      role: 'replica',
      version: expect.stringMatching(/^1[12]\.\d+\.\d+$/),
    });
    expect(report.hostKeyFingerprint).toMatch(/^SHA256:\S{43}$/);
    expect(outcomes(report)).toEqual({ dns: true, tcp: true, 'host-key': true, login: true, sudo: true, engine: true, version: true });
  });

  it('ends with the host key where no private key is given: it is there to be confirmed', async () => {
    const { report } = await probe({ privateKey: undefined, hostKey: undefined });
    expect(report).toMatchObject({ ok: true, hostKey: target.hostKey, version: null });
    expect(outcomes(report)).toEqual(upTo('login', 'skipped'));
    expect((await probe({ privateKey: undefined })).report).toEqual(report);
  });

  it('takes the host key that is shown where none is expected', async () => {
    expect((await probe({ hostKey: undefined })).report).toEqual((await probe({})).report);
  });
});

describe('Test Connection fails at the step', () => {
  it('dns where the name does not resolve, or leads where nobody may go', async () => {
    await expectFailure({ host: 'no-such-host.invalid' }, 'dns', 'host-unreachable', /no-such-host\.invalid cannot be resolved/);
    await expectFailure({ host: '169.254.169.254' }, 'dns', 'address-refused', /link-local/);
  });

  it('tcp where the port is closed', async () => {
    await expectFailure({ host: '127.0.0.1', sshPort: 1 }, 'tcp', 'host-unreachable', /127\.0\.0\.1:1 .*ECONNREFUSED/);
  });

  it('host-key where the machine says nothing, by its own patience or by that of the whole test', async () => {
    const silent = await startSilentHost();
    const away = { host: '127.0.0.1', sshPort: silent.port };
    await expectFailure(away, 'host-key', 'host-unreachable', /Timed out/, { readyTimeoutMs: 200 });
    await expectFailure(away, 'host-key', 'host-unreachable', /did not answer within 0\.3 s/, { withinMs: 300 });
    await silent.stop();
  });

  it('host-key where another key is expected, and shows the one that is there', async () => {
    for (const privateKey of [target.privateKey, undefined]) {
      const report = await expectFailure(
        { hostKey: strangerKey.publicKey, privateKey },
        'host-key',
        'host-key-changed',
        /pinned is SHA256:/,
      );
      expect(report.hostKey).toBe(target.hostKey);
    }
  });

  it('login where the key is not let in, is no key, or the user has no shell', async () => {
    await expectFailure({ privateKey: strangerKey.privateKey }, 'login', 'host-login-refused', /refused the login of dba/);
    await expectFailure({ privateKey: 'canary' }, 'login', 'host-login-refused', /cannot be used/);
    await expectFailure({ sshUser: 'shut' }, 'login', 'host-login-refused', /not available/);
  });

  it('sudo where it asks for a password, after a login with a key that was brought along or that Tidemark made', async () => {
    for (const privateKey of [target.privateKey, madeKey.privateKey])
      await expectFailure({ sshUser: 'plain', privateKey }, 'sudo', 'host-sudo-refused', /plain@.* may not use sudo/);
  });

  it('sudo where it never comes back', async () => {
    const [host, port] = await startHangingHost();
    const away = { host: '127.0.0.1', sshPort: port, hostKey: undefined };
    await expectFailure(away, 'sudo', 'host-command-failed', /did not answer within 2 s/, { withinMs: 2_000 });
    host.close();
  });

  it('engine where no such server listens at the port, or it is not what it was registered as', async () => {
    await expectFailure({ port: 3307 }, 'engine', 'server-not-found', /no MariaDB server listens on port 3307/);
    await expectFailure({ engine: 'postgresql', port: 5432 }, 'engine', 'server-not-found', /no PostgreSQL server/);
    const report = await expectFailure({ role: 'primary' }, 'engine', 'not-attachable', /is a replica, and it is registered as a primary/);
    expect(report).toMatchObject({ role: 'replica', version: expect.any(String) });
  });

  it('version where the server is too old', async () => {
    await startOldServer();
    await expectFailure({ port: OLD_PORT }, 'version', 'version-not-supported', /MariaDB 10\.6\.1 is too old/).finally(stopOldServer);
  });
});

describe("A stranger's server in the place of sshd", () => {
  const canary = 'intranet-canary';

  it.each<[string, () => Promise<Server>]>([
    ['speaks HTTP', () => listening(createHttpServer((_request, response) => response.end(canary)))],
    ['greets', () => listening(createServer((socket) => socket.end(`220 ${canary} ESMTP\r\n${canary}\r\nSSH-${canary}\r\n`)))],
    ['is named', () => listening(createServer((socket) => socket.end(`SSH-2.0-${canary}\r\n${canary}`)))],
    [
      'disconnects with words',
      () => listening(createServer((socket) => socket.end(Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), disconnect(canary)])))),
    ],
  ])('that %s gets no word of its own into the report', async (_, start) => {
    const server = await start();
    const { port } = server.address() as AddressInfo;
    for (const privateKey of [target.privateKey, undefined]) {
      const found = await probe({ host: '127.0.0.1', sshPort: port, privateKey }, { readyTimeoutMs: 500 });
      expect(outcomes(found.report)).toEqual(upTo('host-key', false));
      expect(JSON.stringify(found.report) + String(found.failure?.error.message)).not.toContain(canary);
    }
    server.close();
  });
});

async function probe(change: Partial<ProbeTarget>, options: { withinMs?: number; readyTimeoutMs?: number } = {}) {
  const never = { signal: new AbortController().signal, leave: new AbortController().signal };
  return probeDatabase(guard, { ...target, ...change }, never, { withinMs: 60_000, ...options });
}

async function expectFailure(
  change: Partial<ProbeTarget>,
  step: DatabaseProbeStep,
  code: string,
  message: RegExp,
  options?: { withinMs?: number; readyTimeoutMs?: number },
) {
  const { report, failure } = await probe(change, options);
  expect(failure).toMatchObject({ step, error: { code } });
  expect(report.ok).toBe(false);
  expect(outcomes(report)).toEqual(upTo(step, false));
  const found = report.steps.find(({ name }) => name === step);
  expect(found).toMatchObject({ code, message: expect.stringMatching(message), hint: expect.stringMatching(/\w/) });
  return report;
}

type Outcomes = Record<string, boolean | 'skipped'>;

function outcomes({ steps }: { steps: readonly { name: string; ok: boolean | 'skipped' }[] }): Outcomes {
  return Object.fromEntries(steps.map(({ name, ok }) => [name, ok]));
}

/** Good before the step, not tried after it. */
function upTo(step: DatabaseProbeStep, its: false | 'skipped'): Outcomes {
  const names = ['dns', 'tcp', 'host-key', 'login', 'sudo', 'engine', 'version'];
  const at = names.indexOf(step);
  return Object.fromEntries(names.map((name, index) => [name, index < at ? true : index === at ? its : 'skipped']));
}

async function onMachine(script: string): Promise<void> {
  const { exitCode, stderr } = await (await openTestLab()).exec(machine, ['sh', '-c', script]);
  if (exitCode !== 0) throw new Error(stderr);
}

/** A real server, which says by its own setting that it is of another version. */
async function startOldServer(): Promise<void> {
  await onMachine(`set -e
    rm -rf /var/tmp/old; install -d -o mysql /var/tmp/old
    mariadb-install-db --user=mysql --datadir=/var/tmp/old/data --skip-test-db >/dev/null
    setsid mariadbd --no-defaults --user=mysql --datadir=/var/tmp/old/data --port=${OLD_PORT} --bind-address=127.0.0.1 --version=10.6.1-MariaDB \\
      --socket=/var/tmp/old/socket --pid-file=/var/tmp/old/pid >/var/tmp/old/log 2>&1 &
    for try in $(seq 100); do mariadb --socket=/var/tmp/old/socket -e 'select 1' >/dev/null 2>&1 && exit 0; sleep 0.2; done
    cat /var/tmp/old/log >&2; exit 1`);
}

async function stopOldServer(): Promise<void> {
  await onMachine('kill $(cat /var/tmp/old/pid); while [ -e /var/tmp/old/pid ]; do sleep 0.1; done; rm -rf /var/tmp/old');
}

/** Lets everybody in, and answers no command. */
async function startHangingHost(): Promise<[SshServer, number]> {
  const host = new SshServer({ hostKeys: [utils.generateKeyPairSync('rsa', { bits: 2048 }).private] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => context.accept());
    client.on('session', (accept) => accept().on('exec', (acceptExec) => void acceptExec()));
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  return [host, (host.address() as AddressInfo).port];
}

async function listening<S extends Server>(server: S): Promise<S> {
  server.on('connection', (socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** SSH_MSG_DISCONNECT with the reason 2 and a text (RFC 4253, 6 and 11.1). */
function disconnect(text: string): Buffer {
  const number = (value: number) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]);
  const payload = Buffer.concat([Buffer.from([1]), number(2), number(text.length), Buffer.from(text), number(0)]);
  const padding = Buffer.alloc(8 - ((5 + payload.length) % 8) + 8);
  return Buffer.concat([number(payload.length + padding.length + 1), Buffer.from([padding.length]), payload, padding]);
}
