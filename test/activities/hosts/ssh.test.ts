import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectHost } from '#activities/hosts/ssh.ts';
import type { Host } from '#activities/hosts/port.ts';
import { commandLines, eventually, hostUnderTest, isShown, publicKeyOf, rareSeconds, withHost } from '#test/contracts/host.ts';

let host: Host;
beforeAll(async () => {
  host = await connectHost(await hostUnderTest());
});
afterAll(() => host.close());

describe('a script', () => {
  it('runs as root, in /, with bash and without a PTY', async () => {
    expect(await host.run('id -u; pwd; echo "${BASH_VERSION:+bash}"; tty || :')).toBe('0\n/\nbash\nnot a tty\n');
  });

  it('has its exit code, its output and its errors told apart', async () => {
    expect(await host.tryRun('echo out; echo err >&2; exit 7')).toEqual({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' });
  });

  it('stops at the first failing command, at an unset variable and at a broken pipe stage', async () => {
    expect(await host.tryRun('echo a; false; echo b')).toMatchObject({ exitCode: 1, stdout: 'a\n' });
    expect(await host.tryRun('echo a; echo "$nothing"; echo b')).toMatchObject({
      stdout: 'a\n',
      stderr: expect.stringContaining('unbound'),
    });
    expect(await host.tryRun('false | true; echo b')).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('is not eaten by a command in it that reads standard input', async () => {
    expect(await host.run('cat; read -r line || echo nothing; echo after')).toBe('nothing\nafter\n');
  });

  it('has no file descriptors but the three that everyone has, and /dev/null as its input', async () => {
    expect(await host.run('cd /proc/self/fd; echo *; readlink /proc/$$/fd/0')).toBe('0 1 2 3\n/dev/null\n');
  });

  it('may be long and write much on both streams', async () => {
    const { stdout, stderr } = await host.tryRun(`: ${'x'.repeat(300_000)}
      head -c 3000000 /dev/zero | tr '\\0' o; head -c 3000000 /dev/zero | tr '\\0' e >&2`);
    expect([stdout, stderr].map((text) => text.length)).toEqual([3_000_000, 3_000_000]);
  });

  it('shows nothing of itself in the list of processes', async () => {
    const secret = `canary${rareSeconds()}`;
    const running = host.run(`secret=${secret}; sleep 1; echo "\${#secret}"`);
    expect(await commandLines(host)).not.toContainEqual(expect.stringContaining(secret));
    expect(await running).toBe(`${secret.length}\n`);
  });

  it('ends with its exit code although a daemon that it started keeps its output open', async () => {
    const seconds = rareSeconds();
    expect(await host.run(`sleep ${seconds} & echo started`)).toBe('started\n');
    expect(await isShown(host, seconds)).toBe(true);
    await host.run(`kill $(grep -lz '${seconds.replace('.', '[.]')}' /proc/[0-9]*/cmdline | cut -d/ -f3) || :`);
  });

  it('runs beside others on the same link', async () => {
    const outputs = await Promise.all(Array.from({ length: 8 }, (_, index) => host.run(`sleep 0.2; echo ${index}`)));
    expect(outputs.join('')).toBe('0\n1\n2\n3\n4\n5\n6\n7\n');
  });
});

describe('a failed script', () => {
  it('throws the last lines of its errors', async () => {
    await expect(host.run('for i in $(seq 100); do echo "line $i" >&2; done; exit 3')).rejects.toMatchObject({
      code: 'host-command-failed',
      message: expect.stringMatching(/exit code 3: line 81\n(.*\n)*line 100$/),
    });
  });

  it('is disk-full when the machine says so', async () => {
    await expect(host.run('echo x >/dev/full')).rejects.toMatchObject({ code: 'disk-full' });
  });

  it('that was killed is not taken for one that ended', async () => {
    expect(await host.tryRun('echo half; kill -KILL $$')).toMatchObject({ exitCode: 137, stdout: 'half\n' });
  });
});

describe('a stopped script leaves no process', () => {
  it('when its time is over', async () => {
    const seconds = rareSeconds();
    await expect(host.run(`timeout 99 sleep ${seconds}`, { timeoutMs: 700 })).rejects.toMatchObject({
      code: 'host-command-failed',
      message: expect.stringContaining('0.7 s'),
    });
    expect(await isShown(host, seconds)).toBe(false);
  });

  it('when its signal aborts, which throws the reason', async () => {
    const seconds = rareSeconds();
    const reason = new Error('not wanted any more');
    const controller = new AbortController();
    const running = host.run(`sleep ${seconds}`, { signal: controller.signal });
    running.catch(() => undefined);
    await eventually(() => isShown(host, seconds));
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(await isShown(host, seconds)).toBe(false);
  });

  it('when it does not listen to SIGTERM', async () => {
    const seconds = rareSeconds();
    await expect(host.run(`trap '' TERM; while :; do sleep ${seconds} || :; done`, { timeoutMs: 700 })).rejects.toThrow('0.7 s');
    expect(await isShown(host, seconds)).toBe(false);
  }, 20_000);

  it('when it writes more than memory is kept for', async () => {
    const mark = rareSeconds();
    await expect(host.run(`yes ${mark}`)).rejects.toMatchObject({
      code: 'host-command-failed',
      message: expect.stringContaining('wrote more than'),
    });
    expect(await isShown(host, mark)).toBe(false);
  });
});

describe('sudo', () => {
  it('refused is host-sudo-refused, in the words of sudo', async () => {
    const address = await hostUnderTest();
    const key = publicKeyOf(address.privateKey);
    await host.run(`useradd -m -s /bin/bash tm-nosudo; usermod -p '*' tm-nosudo; install -d -o tm-nosudo -m 700 ~tm-nosudo/.ssh
      echo '${key}' >~tm-nosudo/.ssh/authorized_keys; chown tm-nosudo ~tm-nosudo/.ssh/authorized_keys`);
    try {
      const failure = withHost((other) => other.run('true'), { ...address, user: 'tm-nosudo' });
      await expect(failure).rejects.toMatchObject({ code: 'host-sudo-refused', message: expect.stringContaining('password') });
    } finally {
      await host.run('userdel -rf tm-nosudo 2>/dev/null');
    }
  });
});
