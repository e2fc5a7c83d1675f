import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectHost } from '#activities/hosts/ssh.ts';
import type { Host } from '#activities/hosts/port.ts';
import { eventually, hostUnderTest, isShown, rareSeconds } from '#test/contracts/host.ts';
import { startTcpProxy, type TcpProxy } from '#test/contracts/tcp-proxy.ts';

let direct: Host;
let host: Host;
let proxy: TcpProxy;

beforeEach(async () => {
  const address = await hostUnderTest();
  direct = await connectHost(address);
  proxy = await startTcpProxy(address.host, address.port);
  host = await connectHost({ ...address, host: '127.0.0.1', port: proxy.port }, { keepaliveIntervalMs: 300, keepaliveCountMax: 3 });
});
afterEach(() => {
  host.close();
  direct.close();
  proxy.close();
});

async function startSleep(): Promise<{ running: Promise<string>; seconds: string }> {
  const seconds = rareSeconds();
  const running = host.run(`sleep ${seconds}`);
  running.catch(() => undefined);
  await eventually(() => isShown(direct, seconds));
  return { running, seconds };
}

describe('a link', () => {
  it('that is idle for longer than the keepalive limit stays open, and so does a silent script', async () => {
    expect(await host.run('sleep 4; echo still here')).toBe('still here\n');
  });

  it('that is half open is noticed within the keepalive limit, and the machine ends the script by itself', async () => {
    const { running, seconds } = await startSleep();
    proxy.freeze();
    const frozenAt = Date.now();
    await expect(running).rejects.toMatchObject({ code: 'host-unreachable', message: expect.stringContaining('Keepalive timeout') });
    expect(Date.now() - frozenAt).toBeLessThan(2000);
    await eventually(async () => !(await isShown(direct, seconds)));
  });

  it('that is half open before a script is started is noticed too', async () => {
    proxy.freeze();
    await expect(host.run('true')).rejects.toMatchObject({ code: 'host-unreachable' });
  });

  it('that is cut ends the script on the machine', async () => {
    const { running, seconds } = await startSleep();
    proxy.cut();
    await expect(running).rejects.toMatchObject({ code: 'host-unreachable' });
    await eventually(async () => !(await isShown(direct, seconds)));
    await expect(host.run('true')).rejects.toMatchObject({ code: 'host-unreachable' });
  });

  it('that is closed here ends the script on the machine', async () => {
    const { running, seconds } = await startSleep();
    host.close();
    await expect(running).rejects.toMatchObject({ code: 'host-unreachable', message: expect.stringContaining('closed here') });
    await eventually(async () => !(await isShown(direct, seconds)));
  });
});
