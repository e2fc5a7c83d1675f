import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Server as SshServer, utils } from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { probeDatabase } from '#activities/database-probe.ts';
import { createNetworkGuard, type NetworkGuard } from '#activities/stores/networks.ts';
import type { StoreAddress } from '#activities/stores/port.ts';
import { probeStore } from '#activities/stores/probe.ts';
import { type NameServer, startNameServer } from './name-server.ts';

/* One loopback address stands for a customer's machine, which may be reached; another for one inside, which may not. */
const [customers, inside] = ['127.0.0.2', '127.0.0.3'] as const;
const { private: hostKey, public: shownKey } = utils.generateKeyPairSync('rsa', { bits: 2048 });
const { private: privateKey } = utils.generateKeyPairSync('rsa', { bits: 2048 });

let machine: Server;
let port: number;
let forbidden: Server;
let names: NameServer | undefined;
let [connections, visits] = [0, 0];
beforeAll(async () => {
  const sshd = new SshServer({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => context.reject());
  });
  machine = createServer((socket) => {
    connections += 1;
    sshd.injectSocket(socket.on('error', () => undefined));
  }).listen(0, customers);
  await once(machine, 'listening');
  port = (machine.address() as AddressInfo).port;
  forbidden = createServer((socket) => {
    visits += 1;
    socket.on('error', () => undefined).end('SSH-2.0-inside\r\n');
  }).listen(port, inside);
  await once(forbidden, 'listening');
});
afterEach(async () => {
  expect(visits, 'connections to the machine inside').toBe(0);
  connections = 0;
  await names?.stop();
  names = undefined;
});
afterAll(() => {
  machine.close();
  forbidden.close();
});

async function guardOf(answers: Readonly<Record<string, readonly string[]>>) {
  names = await startNameServer(answers);
  return createNetworkGuard({ allowed: [customers], lookup: names.lookup });
}

function testDatabase(guard: NetworkGuard, host: string) {
  const attempt = { signal: new AbortController().signal, leave: new AbortController().signal };
  const target = { id: 'probe', name: host, engine: 'postgresql', host, port: 5432, sshPort: port, sshUser: 'admin', privateKey } as const;
  return probeDatabase(guard, target, attempt, { withinMs: 20_000 });
}

function storeAt(endpoint: string): StoreAddress {
  return { endpoint, region: '', bucket: 'backups', prefix: '', accessKey: 'a', secretKey: 's', caPem: undefined };
}

describe('A name that leads elsewhere the second time', () => {
  it('is asked for once for all the connections of a test of a database, which go where it led', async () => {
    const { report, failure } = await testDatabase(await guardOf({ 'rebinding.example': [customers, inside] }), 'rebinding.example');
    expect(failure).toMatchObject({ step: 'login', error: { code: 'host-login-refused' } });
    expect(report.hostKey).toBe(shownKey);
    expect(connections).toBe(2);
    expect(names?.asked.get('rebinding.example')).toBe(1);
  });

  it('is judged anew for each connection to a store', async () => {
    const guard = await guardOf({ 'rebinding.example': [customers, inside] });
    const store = storeAt(`rebinding.example:${port}`);
    // what speaks no TLS is left
    expect((await probeStore(store, { guard })).steps[0]).toMatchObject({ name: 'connect', ok: false });
    expect(connections).toBe(1);
    expect((await probeStore(store, { guard })).steps[0]).toMatchObject({ name: 'connect', ok: false, code: 'address-refused' });
    expect(connections).toBe(1);
  });
});

describe('A name that leads inside', () => {
  it.each([
    ['four.example', inside, 'a loopback address'],
    ['six.mapped.example', '::ffff:7f00:3', 'which stands for 127.0.0.3, a loopback address'],
    ['six.nat64.example', '64:ff9b::7f00:3', 'which stands for 127.0.0.3, a loopback address'],
    ['six.6to4.example', '2002:7f00:3::1', 'which stands for 127.0.0.3, a loopback address'],
    ['six.loopback.example', '::1', 'a loopback address'],
    ['metadata.example', '169.254.169.254', 'a link-local address'],
    ['six.metadata.example', 'fd00:ec2::254', 'a cloud metadata address'],
  ])('(%s at %s) is reached neither as a host nor as a store', async (host, address, reason) => {
    const guard = await guardOf({ [host]: [address] });
    const { failure } = await testDatabase(guard, host);
    expect(failure).toMatchObject({ step: 'dns', error: { code: 'address-refused', message: expect.stringContaining(reason) } });
    const { steps } = await probeStore(storeAt(`${host}:${port}`), { guard });
    expect(steps[0]).toMatchObject({ ok: false, code: 'address-refused', message: expect.stringContaining(reason) });
    expect(connections).toBe(0);
  });

  it('that nobody knows is told as such', async () => {
    const { failure } = await testDatabase(await guardOf({}), 'unknown.example');
    expect(failure).toMatchObject({ step: 'dns', error: { code: 'host-unreachable' } });
  });
});

describe('An address that leads inside', () => {
  it.each(['127.0.0.3', '127.3', '2130706435', '0x7f000003', '0x7f.3', '0177.0.0.3', '::ffff:127.0.0.3', '64:ff9b::7f00:3'])(
    'in the form %s is reached neither as a host nor as a store',
    async (host) => {
      const guard = createNetworkGuard({ allowed: [customers] });
      const { failure } = await testDatabase(guard, host);
      expect(failure).toMatchObject({ step: 'dns', error: { code: 'address-refused' } });
      const store = storeAt(`${host.includes(':') ? `[${host}]` : host}:${port}`);
      expect((await probeStore(store, { guard })).steps[0]).toMatchObject({ ok: false, code: 'address-refused' });
    },
  );
});
