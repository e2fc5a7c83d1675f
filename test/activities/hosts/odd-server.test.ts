import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { Server, type ServerChannel, utils } from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import { connectHost } from '#activities/hosts/ssh.ts';
import type { HostAddress } from '#activities/hosts/port.ts';
import { createSshKey } from '#lab/ssh-key.ts';

const READY = '\u0001tidemark uid=0\n';
const ed25519 = await createSshKey();
const rsa = utils.generateKeyPairSync('rsa', { bits: 2048 });
let server: Server | undefined;
afterEach(() => server?.close());

/** An SSH server that lets everyone in and answers each command as no sshd in good health does. */
async function oddServer(answer: (channel: ServerChannel) => void): Promise<HostAddress> {
  server = new Server({ hostKeys: [rsa.private] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => context.accept());
    client.on('session', (accept) => accept().on('exec', (acceptExec) => answer(acceptExec())));
  });
  const listening = server;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    user: 'root',
    privateKey: ed25519.privateKey,
    hostKey: rsa.public,
  };
}

describe('a server', () => {
  it('that has no key of the pinned type any more has changed its key', async () => {
    const address = await oddServer(() => undefined);
    await expect(connectHost({ ...address, hostKey: ed25519.publicKey })).rejects.toMatchObject({
      code: 'host-key-changed',
      message: expect.stringContaining('shows no ssh-ed25519 key'),
    });
  });

  it('that ends the output without an exit status is unreachable, not done', async () => {
    const address = await oddServer((channel) => {
      channel.write(`${READY}all of it\n`);
      channel.close();
    });
    const host = await connectHost(address);
    await expect(host.run('true')).rejects.toMatchObject({ code: 'host-unreachable', message: expect.stringContaining('no exit status') });
    host.close();
  });

  it('that does not tell how the taking of an input ended has not taken it', async () => {
    const heard: string[] = [];
    const address = await oddServer((channel) => {
      const isScript = heard.push('') === 1;
      if (!isScript) {
        channel.resume();
        channel.on('end', () => channel.close());
        return;
      }
      channel.write(READY);
      channel.on('data', (chunk: Buffer) => (heard[0] += chunk.toString()));
      channel.on('end', () => {
        channel.exit(0);
        channel.end();
      });
    });
    const host = await connectHost(address);
    const writing = host.writeStream('cat >/dev/null', Readable.from([Buffer.from('a little')]), { scope: 'odd', id: 'a' });
    await expect(writing).rejects.toMatchObject({ code: 'host-unreachable', message: expect.stringContaining('no exit status') });
    expect(heard[0]).toContain('cat >/dev/null');
    expect(heard[0]).not.toMatch(/^end$/m);
    host.close();
  }, 20_000);

  it('that reports a signal instead of an exit code has failed, naming it', async () => {
    const address = await oddServer((channel) => {
      channel.write(READY);
      channel.exit('KILL');
      channel.end();
    });
    const host = await connectHost(address);
    await expect(host.tryRun('true')).rejects.toMatchObject({ code: 'host-command-failed', message: expect.stringContaining('KILL') });
    host.close();
  });

  it('whose login shell prints a greeting has it taken from the output', async () => {
    const address = await oddServer((channel) => {
      channel.write(`Welcome!\n${READY}out\n`);
      channel.exit(0);
      channel.end();
    });
    const host = await connectHost(address);
    expect(await host.run('true')).toBe('out\n');
    host.close();
  });

  it('whose login has no shell has refused the login', async () => {
    const address = await oddServer((channel) => {
      channel.write('This account is currently not available.\n');
      channel.exit(1);
      channel.end();
    });
    const host = await connectHost(address);
    await expect(host.tryRun('true')).rejects.toMatchObject({
      code: 'host-login-refused',
      message: expect.stringContaining('not available'),
    });
    host.close();
  });
});
