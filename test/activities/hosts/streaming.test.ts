import { createHash, randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectHost } from '#activities/hosts/ssh.ts';
import type { Host } from '#activities/hosts/port.ts';
import { eventually, filesOf, hostUnderTest, isShown, rareSeconds, withHost } from '#test/contracts/host.ts';
import { startTcpProxy } from '#test/contracts/tcp-proxy.ts';

let host: Host;
let scope: string;
const stream = (id = 'a', signal?: AbortSignal) => ({ scope, id, signal });

beforeEach(async () => {
  scope = `test-${process.pid}-${Math.floor(Math.random() * 1e9)}`;
  host = await connectHost(await hostUnderTest());
});
afterEach(async () => {
  await eventually(async () => (await filesOf(host, scope)).length === 0, 20_000);
  await eventually(async () => (await host.run('ls -d /run/tidemark-in-* 2>/dev/null || true')) === '', 20_000);
  host.close();
});

async function all(source: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('reading what a script writes', () => {
  it('gives every byte, and its errors beside', async () => {
    const output = await host.readStream('head -c 100000000 /dev/zero | tr "\\0" x; echo note >&2', stream());
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of output.stdout) {
      hash.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
    expect(size).toBe(100_000_000);
    expect(hash.digest('hex')).toBe(createHash('sha256').update('x'.repeat(100_000_000)).digest('hex'));
    expect(output.stderr()).toBe('note\n');
  });

  it.each([
    ['a stage of a pipe fails', 'head -c 1000 /dev/zero | { cat; exit 3; }', /exit code 3/],
    ['the producer is killed in the middle', 'head -c 1000 /dev/zero; kill -KILL $$', /signal|exit code/],
    ['it never begins', 'exit 4', /exit code 4/],
  ])('fails when %s, and does not end', async (_what, script, message) => {
    const output = await host.readStream(script, stream());
    await expect(all(output.stdout)).rejects.toMatchObject({
      code: 'host-command-failed',
      message: expect.stringMatching(message) as string,
    });
    await host.sweepJobs(scope);
  });

  it('makes a script wait whose reader waits', async () => {
    const output = await host.readStream('head -c 200000000 /dev/zero; touch /tmp/tidemark-was-done; rm /tmp/tidemark-was-done', stream());
    await sleep(1_500);
    expect(await isShown(host, 'head -c 200000000')).toBe(true);
    expect((await all(output.stdout)).length).toBe(200_000_000);
  });

  it('ends the script and all that it started when its reader goes, or when it is aborted', async () => {
    const [first, second] = [rareSeconds(), rareSeconds()];
    const output = await host.readStream(`sleep ${first} & cat /dev/zero`, stream());
    await eventually(() => isShown(host, first));
    output.stdout.destroy();
    await eventually(async () => !(await isShown(host, first)), 15_000);
    const abort = new AbortController();
    const aborted = await host.readStream(`sleep ${second} & cat /dev/zero`, stream('b', abort.signal));
    const reading = all(aborted.stdout);
    abort.abort(new Error('it was cancelled'));
    await expect(reading).rejects.toThrow('it was cancelled');
    expect(await isShown(host, second)).toBe(false);
  });

  it('ends a script that writes nothing when its reader, which waits, goes', async () => {
    const seconds = rareSeconds();
    const { stdout } = await host.readStream(`sleep ${seconds}`, stream());
    const reading = all(stdout);
    reading.catch(() => undefined);
    await eventually(async () => isShown(host, seconds));
    stdout.destroy();
    await eventually(async () => !(await isShown(host, seconds)));
    await expect(reading).rejects.toThrow(/\w/);
  });

  it('ends an earlier script of the same name first, and is found by a sweep', async () => {
    const seconds = rareSeconds();
    await withHost(async (other) => {
      const lost = await other.readStream(`sleep ${seconds}`, stream());
      lost.stdout.on('error', () => undefined);
      await eventually(() => isShown(host, seconds));
      const next = await host.readStream('echo next', stream());
      expect(await isShown(host, seconds)).toBe(false);
      expect((await all(next.stdout)).toString()).toBe('next\n');
    });
    const swept = await host.readStream(`sleep ${rareSeconds()}`, stream('b'));
    const reading = all(swept.stdout);
    reading.catch(() => undefined);
    // a script that has only just begun is not registered yet
    await eventually(async () => (await filesOf(host, scope)).some((path) => path.endsWith('/b/pid')));
    expect(await host.sweepJobs(scope)).toEqual(['b']);
    await expect(reading).rejects.toMatchObject({ code: 'host-command-failed' });
  });

  it('fails when the link is lost, and the machine ends the script', async () => {
    const seconds = rareSeconds();
    const address = await hostUnderTest();
    const proxy = await startTcpProxy(address.host, address.port);
    const link = await connectHost({ ...address, host: '127.0.0.1', port: proxy.port });
    const output = await link.readStream(`sleep ${seconds} & cat /dev/zero`, stream());
    const reading = all(output.stdout);
    await eventually(() => isShown(host, seconds));
    proxy.cut();
    await expect(reading).rejects.toMatchObject({ code: 'host-unreachable' });
    await eventually(async () => !(await isShown(host, seconds)), 20_000);
    proxy.close();
  });
});

describe('giving a script its input', () => {
  it('brings every byte and the end', async () => {
    const content = randomBytes(50_000_000);
    const output = await host.writeStream('sha256sum; id -u', Readable.from([content.subarray(0, 7), content.subarray(7)]), stream());
    expect(output).toBe(`${createHash('sha256').update(content).digest('hex')}  -\n0\n`);
    expect(await host.writeStream('wc -c', Readable.from([]), stream())).toBe('0\n');
  });

  it('gives nothing before the script can take it, however slowly it begins', async () => {
    const slow = '/usr/local/sbin/setsid';
    await host.run(`[ ! -e ${slow} ]; cat > ${slow} <<'SH'
#!/bin/sh
sleep 1
exec /usr/bin/setsid "$@"
SH
chmod 0755 ${slow}`);
    try {
      expect(await host.writeStream('cat', Readable.from([Buffer.from('a little')]), stream())).toBe('a little');
    } finally {
      await host.run(`rm ${slow}`);
    }
  }, 20_000);

  it("gives the script's own failure, also when it had not read everything", async () => {
    const failing = host.writeStream('head -c 1000 >/dev/null; echo why >&2; exit 5', Readable.from([randomBytes(50_000_000)]), stream());
    await expect(failing).rejects.toMatchObject({
      code: 'host-command-failed',
      message: expect.stringMatching(/exit code 5: why/) as string,
    });
    const early = host.writeStream('head -c 1000 >/dev/null', Readable.from([randomBytes(50_000_000)]), stream('b'));
    await expect(early).rejects.toMatchObject({ code: 'host-command-failed' });
  });

  describe('through a filter', () => {
    it('brings what the filter gives out, and the end', async () => {
      const content = randomBytes(5_000_000);
      const options = { ...stream(), filter: 'gzip -dc' };
      expect(await host.writeStream('sha256sum', Readable.from([gzipSync(content)]), options)).toBe(
        `${createHash('sha256').update(content).digest('hex')}  -\n`,
      );
    });

    it.each([
      ['that does not know what it is given', 'gzip -dc', 'host-command-failed', /exit code 1:\s+gzip: stdin: not in gzip format/],
      ['that fails at the end', '{ cat; echo why >&2; exit 7; }', 'host-command-failed', /exit code 7: why/],
      ['that is killed', 'sh -c "kill -KILL \\$\\$"', 'host-command-failed', /exit code 137/],
      ['that fails with its second command', 'cat; no-such-filter', 'tool-missing', /no-such-filter: command not found/],
      ['that is missing', 'no-such-filter', 'tool-missing', /no-such-filter: command not found/],
    ])('never shows an end to a script behind one %s', async (_what, filter, code, message) => {
      const mark = `/tmp/tidemark-filtered-${scope}`;
      const writing = host.writeStream(`cat >/dev/null; touch ${mark}`, Readable.from([randomBytes(3_000_000)]), { ...stream(), filter });
      await expect(writing).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
      expect(await host.run(`ls ${mark} 2>/dev/null || true`)).toBe('');
    });

    it("gives the script's own failure before the filter's", async () => {
      const failing = host.writeStream(
        'head -c 1000 >/dev/null; echo why >&2; exit 5',
        Readable.from([gzipSync(randomBytes(50_000_000))]),
        {
          ...stream(),
          filter: 'gzip -dc',
        },
      );
      await expect(failing).rejects.toMatchObject({
        code: 'host-command-failed',
        message: expect.stringMatching(/exit code 5: why/) as string,
      });
    });
  });

  it('kills the script when its source fails: it never sees an end of its input', async () => {
    const mark = `/tmp/tidemark-end-${scope}`;
    async function* broken(): AsyncGenerator<Buffer> {
      yield randomBytes(100_000);
      await sleep(300);
      throw new Error('the source broke');
    }
    await expect(host.writeStream(`cat >/dev/null; touch ${mark}`, Readable.from(broken()), stream())).rejects.toThrow('the source broke');
    await sleep(500);
    expect(await host.run(`ls ${mark} 2>/dev/null || true`)).toBe('');
  });

  it.each([{}, { filter: 'tr a b' }])('kills the script when the link is lost in the middle (%o)', async (filtered) => {
    const mark = `/tmp/tidemark-lost-${scope}`;
    const address = await hostUnderTest();
    const proxy = await startTcpProxy(address.host, address.port);
    const link = await connectHost({ ...address, host: '127.0.0.1', port: proxy.port });
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        yield randomBytes(100_000);
        await sleep(20);
      }
    }
    const script = `touch ${mark}.begun; cat >/dev/null; touch ${mark}`;
    const writing = link.writeStream(script, Readable.from(endless()), { ...stream(), ...filtered });
    writing.catch(() => undefined);
    await eventually(async () => (await host.run(`ls ${mark}.begun 2>/dev/null || true`)) !== '');
    proxy.cut();
    await expect(writing).rejects.toMatchObject({ code: 'host-unreachable' });
    await eventually(async () => (await filesOf(host, scope)).length === 0, 20_000);
    expect(await host.run(`ls ${mark} 2>/dev/null || true; rm -f ${mark}.begun`)).toBe('');
    proxy.close();
  });
});

describe('conversing with a script', () => {
  it('answers while it is spoken to, and ends when it has heard the end', async () => {
    const { input, output } = await host.converse('while read -r line; do echo "heard $line"; done; echo over', stream());
    const lines = createInterface({ input: output })[Symbol.asyncIterator]();
    for (const word of ['one', 'two', 'three']) {
      input.write(`${word}\n`);
      expect((await lines.next()).value).toBe(`heard ${word}`);
    }
    input.end();
    expect((await lines.next()).value).toBe('over');
    expect((await lines.next()).done).toBe(true);
  });

  it('carries much both ways at once', async () => {
    const { input, output } = await host.converse('cat', stream());
    const sent = randomBytes(20_000_000);
    const received = all(output);
    input.end(sent);
    expect((await received).equals(sent)).toBe(true);
  });

  it('fails when the script does, and ends it when its reader goes', async () => {
    const failing = await host.converse('read -r line; exit 5', stream());
    failing.input.write('x\n');
    await expect(all(failing.output)).rejects.toMatchObject({
      code: 'host-command-failed',
      message: expect.stringContaining('5') as string,
    });
    const seconds = rareSeconds();
    const sleeping = await host.converse(`sleep ${seconds}`, stream());
    expect(await isShown(host, seconds)).toBe(true);
    sleeping.output.destroy();
    await eventually(async () => !(await isShown(host, seconds)));
  });

  it('never shows an end to a script whose link is lost', async () => {
    const mark = `/tmp/tidemark-lost-${scope}`;
    const address = await hostUnderTest();
    const proxy = await startTcpProxy(address.host, address.port);
    const link = await connectHost({ ...address, host: '127.0.0.1', port: proxy.port });
    const { input, output } = await link.converse(`echo ready; cat >/dev/null; touch ${mark}`, stream());
    input.on('error', () => undefined);
    const received = all(output);
    received.catch(() => undefined);
    input.write('x\n');
    await eventually(async () => isShown(host, 'tidemark-in-'));
    proxy.cut();
    await expect(received).rejects.toMatchObject({ code: 'host-unreachable' });
    await eventually(async () => (await filesOf(host, scope)).length === 0, 20_000);
    expect(await host.run(`ls ${mark} 2>/dev/null || true`)).toBe('');
    proxy.close();
  });
});
