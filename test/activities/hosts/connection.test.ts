import { spawnSync } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { Client } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { connectHost, scanHostKey } from '#activities/hosts/ssh.ts';
import { createSshKey } from '#lab/ssh-key.ts';
import { hostUnderTest, withHost } from '#test/contracts/host.ts';

const strangerKey = await createSshKey();

describe('the host key', () => {
  it('is shown without a login, with the fingerprint that ssh-keygen prints', async () => {
    const address = await hostUnderTest();
    const scanned = await scanHostKey(address.host, address.port);
    expect(scanned.hostKey).toBe(address.hostKey);
    const { stdout } = spawnSync('ssh-keygen', ['-lf', '-'], { input: scanned.hostKey });
    expect(stdout.toString().split(' ')[1]).toBe(scanned.fingerprint);
  });

  it('that differs from the pinned one ends the connection before the login, naming both fingerprints', async () => {
    const address = await hostUnderTest();
    const { fingerprint } = await scanHostKey(address.host, address.port);
    await expect(connectHost({ ...address, hostKey: strangerKey.publicKey })).rejects.toMatchObject({
      code: 'host-key-changed',
      message: expect.stringMatching(new RegExp(`${fingerprint.replaceAll(/[+]/g, '[+]')}, pinned is SHA256:\\S{43}$`)),
    });
  });

  it('may be pinned as RSA although the host prefers another', async () => {
    const address = await hostUnderTest();
    const hostKey = await rsaKeyOf(address.host, address.port);
    expect(hostKey).toMatch(/^ssh-rsa /);
    expect(await withHost((host) => host.run('echo here'), { ...address, hostKey })).toBe('here\n');
  });

  it('that is no public key is refused before anything is sent', async () => {
    const address = await hostUnderTest();
    for (const hostKey of ['', 'ssh-ed25519', 'ssh-ed25519 AAAA', address.hostKey.replace('ed25519', 'rsa')]) {
      await expect(connectHost({ ...address, hostKey })).rejects.toMatchObject({ code: 'invalid-request' });
    }
  });
});

describe('the login', () => {
  it('with a wrong key is refused', async () => {
    const address = await hostUnderTest();
    await expect(connectHost({ ...address, privateKey: strangerKey.privateKey })).rejects.toMatchObject({ code: 'host-login-refused' });
  });

  it('of an unknown user is refused, naming it', async () => {
    const address = await hostUnderTest();
    await expect(connectHost({ ...address, user: 'nobody-here' })).rejects.toMatchObject({
      code: 'host-login-refused',
      message: expect.stringContaining('nobody-here'),
    });
  });

  it('with something that is no private key is refused without showing it', async () => {
    const address = await hostUnderTest();
    const failure = await connectHost({ ...address, privateKey: 'canary' }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'host-login-refused', message: expect.not.stringContaining('canary') });
  });
});

describe('a host that cannot be reached', () => {
  it.each([
    ['refuses the port', '127.0.0.1', 1, /127\.0\.0\.1:1 .*ECONNREFUSED/],
    ['refuses the port on each of its addresses', 'localhost', 1, /localhost:1 .*ECONNREFUSED/],
    ['has no address', 'no-such-host.invalid', 22, /no-such-host\.invalid:22 .*(ENOTFOUND|EAI_AGAIN)/],
  ])('because it %s is named with the cause', async (_, host, port, message) => {
    const address = await hostUnderTest();
    await expect(connectHost({ ...address, host, port })).rejects.toMatchObject({
      code: 'host-unreachable',
      message: expect.stringMatching(message),
    });
    await expect(scanHostKey(host, port)).rejects.toMatchObject({ code: 'host-unreachable' });
  });

  it('because it says nothing is given up after the timeout', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = { ...(await hostUnderTest()), host: '127.0.0.1', port: (silent.address() as AddressInfo).port };
    await expect(connectHost(address, { readyTimeoutMs: 300 })).rejects.toMatchObject({
      code: 'host-unreachable',
      message: expect.stringContaining('Timed out'),
    });
    silent.close();
  });

  it('by its name is reached by the address that was checked', async () => {
    const address = await hostUnderTest();
    const host = await connectHost({ ...address, host: 'no-such-host.invalid' }, { connectTo: address.host });
    expect(await host.run('echo here')).toBe('here\n');
    host.close();
  });
});

function rsaKeyOf(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = new Client().on('error', reject);
    const hostVerifier = (key: Buffer): boolean => {
      resolve(`ssh-rsa ${key.toString('base64')}`);
      return false;
    };
    client.connect({ host, port, username: 'x', hostVerifier, algorithms: { serverHostKey: ['rsa-sha2-512'] } });
  });
}
