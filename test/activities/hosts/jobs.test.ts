import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectHost } from '#activities/hosts/ssh.ts';
import type { Host } from '#activities/hosts/port.ts';
import { commandLines, eventually, filesOf, hostUnderTest, isShown, rareSeconds, withHost } from '#test/contracts/host.ts';

let host: Host;
let scope: string;

beforeEach(async () => {
  scope = `test-${process.pid}-${Math.floor(Math.random() * 1e9)}`;
  host = await connectHost(await hostUnderTest());
});
afterEach(async () => {
  await host.sweepJobs(scope);
  expect(await filesOf(host, scope)).toEqual([]);
  host.close();
});

/** Starts a job that sleeps, on a link of its own, and closes the link once the job runs. */
async function leaveSleeping(id: string, script = ''): Promise<string> {
  const seconds = rareSeconds();
  await withHost(async (other) => {
    const running = other.runJob({ scope, id, script: `${script}sleep ${seconds}` });
    running.catch(() => undefined);
    await eventually(() => isShown(host, seconds));
  });
  return seconds;
}

describe('a job', () => {
  it('gives its exit code and its output with its errors, and leaves no file', async () => {
    const result = await host.runJob({ scope, id: 'a', script: 'id -u; echo oops >&2; exit 4' });
    expect(result).toEqual({ exitCode: 4, log: '0\noops\n' });
    expect(await filesOf(host, scope)).toEqual([]);
  });

  it('stops at the first failing command, and cannot eat its own script', async () => {
    expect(await host.runJob({ scope, id: 'a', script: 'cat; echo a; false; echo b' })).toEqual({ exitCode: 1, log: 'a\n' });
  });

  it('keeps the last 64 KiB of its log', async () => {
    const { log } = await host.runJob({ scope, id: 'a', script: "head -c 200000 /dev/zero | tr '\\0' x; echo end" });
    expect([log.length, log.slice(-5)]).toEqual([65536, 'xend\n']);
  });

  it('tells its progress at every look, and a failing progress script does it no harm', async () => {
    const seen: string[] = [];
    const looked = `/tmp/${scope}`;
    const script = `echo half; until [[ -e ${looked} ]]; do sleep 0.1; done; rm ${looked}`;
    const progress = `cat /run/tidemark/${scope}/*/log; touch ${looked}`;
    const onProgress = (output: string): void => void seen.push(output);
    await host.runJob({ scope, id: 'a', script, progress }, { onProgress });
    expect(seen).toEqual(['half\n']);
    const result = await host.runJob({ scope, id: 'b', script, progress: `${progress}; false` }, { onProgress });
    expect([result, seen]).toEqual([{ exitCode: 0, log: 'half\n' }, ['half\n']]);
  });

  it('keeps its script to root, and out of the list of processes', async () => {
    const secret = `canary${rareSeconds()}`;
    const running = host.runJob({ scope, id: 'a', script: `secret='${secret}'; sleep 1` });
    await eventually(async () => (await filesOf(host, scope)).includes(`/run/tidemark/${scope}/a/pid`));
    expect(await commandLines(host)).not.toContainEqual(expect.stringContaining(secret));
    const modes = await host.run(`cd /run/tidemark; stat -c '%a %U %n' ${scope} ${scope}/a ${scope}/a/*`);
    const files = ['exit', 'log', 'pid', 'script'].map((file) => `600 root ${scope}/a/${file}\n`);
    expect(modes).toBe(`700 root ${scope}\n700 root ${scope}/a\n${files.join('')}`);
    await running;
  });

  it('refuses a name that is not one', async () => {
    for (const id of ['', '..', '.a', 'a/b', 'a b', "a'b"]) await expect(host.runJob({ scope, id, script: 'true' })).rejects.toThrow('job');
  });

  it('leaves a daemon alone that it started and that was meant to stay', async () => {
    const seconds = rareSeconds();
    await host.runJob({ scope, id: 'a', script: `sleep ${seconds} & echo $!` });
    expect(await isShown(host, seconds)).toBe(true);
    await host.run(`kill $(grep -lz '${seconds.replace('.', '[.]')}' /proc/[0-9]*/cmdline | cut -d/ -f3) || :`);
  });
});

describe('a job whose link was lost', () => {
  it('goes on, and the next attempt gets its result without running it again', async () => {
    const count = `/tmp/${scope}`;
    const script = `echo run >>${count}; sleep 1.5; echo done; exit 3`;
    const first = await connectHost(await hostUnderTest());
    const lost = first.runJob({ scope, id: 'a', script });
    lost.catch(() => undefined);
    await eventually(async () => (await host.tryRun(`test -e ${count}`)).exitCode === 0);
    first.close();
    await expect(lost).rejects.toMatchObject({ code: 'host-unreachable' });
    expect(await host.runJob({ scope, id: 'a', script })).toEqual({ exitCode: 3, log: 'done\n' });
    expect(await host.run(`cat ${count}; rm ${count}`)).toBe('run\n');
  });

  it('and that ended meanwhile still has its result', async () => {
    const first = await connectHost(await hostUnderTest());
    const lost = first.runJob({ scope, id: 'a', script: 'sleep 0.5; echo done' });
    lost.catch(() => undefined);
    await eventually(async () => (await filesOf(host, scope)).length > 1);
    first.close();
    await expect(lost).rejects.toMatchObject({ code: 'host-unreachable' });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await host.runJob({ scope, id: 'a', script: 'echo again' })).toEqual({ exitCode: 0, log: 'done\n' });
  });

  it('runs once when several attempts at it overlap, and all get the result', async () => {
    const count = `/tmp/${scope}`;
    const script = `echo run >>${count}; sleep 1; echo $RANDOM`;
    const address = await hostUnderTest();
    const hosts = await Promise.all(Array.from({ length: 8 }, () => connectHost(address)));
    const results = await Promise.all(hosts.map((other) => other.runJob({ scope, id: 'a', script })));
    hosts.forEach((other) => other.close());
    expect(new Set(results.map(({ log }) => log)).size).toBe(1);
    expect(await host.run(`cat ${count}; rm ${count}`)).toBe('run\n');
  });
});

describe('a job that was killed', () => {
  it('is lost, with its last words, and leaves neither file nor process', async () => {
    const seconds = rareSeconds();
    const job = { scope, id: 'a', script: `echo so far; kill -KILL $PPID; sleep ${seconds}` };
    await expect(host.runJob(job)).rejects.toMatchObject({ code: 'host-job-lost', message: expect.stringContaining('so far') });
    expect(await filesOf(host, scope)).toEqual([]);
    expect(await isShown(host, seconds)).toBe(false);
    expect(await host.runJob({ ...job, script: 'echo anew' })).toMatchObject({ log: 'anew\n' });
  });

  it('is not confused with a process that was given its number', async () => {
    const seconds = rareSeconds();
    await host.run(`mkdir -p /run/tidemark/${scope}/a; cd /run/tidemark/${scope}/a; echo running >exit; : >log; : >script
      setsid sleep ${seconds} </dev/null >/dev/null 2>&1 & echo "$! 1" >pid`);
    await expect(host.runJob({ scope, id: 'a', script: 'true' })).rejects.toMatchObject({ code: 'host-job-lost' });
    expect(await isShown(host, seconds)).toBe(true);
    await host.run(`kill $(grep -lz '${seconds.replace('.', '[.]')}' /proc/[0-9]*/cmdline | cut -d/ -f3) || :`);
  });

  it('before it had begun is lost too', async () => {
    await host.run(`mkdir -p /run/tidemark/${scope}/a; cd /run/tidemark/${scope}/a; echo running >exit; : >log; : >script`);
    await expect(host.runJob({ scope, id: 'a', script: 'true' })).rejects.toMatchObject({ code: 'host-job-lost' });
  }, 30_000);
});

describe('an aborted job', () => {
  it.each([
    ['', 'its children'],
    ["trap '' TERM; ", 'children that do not listen to SIGTERM'],
  ])(
    'is ended with its process group, leaves no file, and throws the reason: %s%s',
    async (before) => {
      const seconds = rareSeconds();
      const reason = new Error('cancelled');
      const controller = new AbortController();
      const script = `${before}timeout 7777 sleep ${seconds} & sleep ${seconds}`;
      const running = host.runJob({ scope, id: 'a', script }, { signal: controller.signal });
      running.catch(() => undefined);
      await eventually(() => isShown(host, seconds));
      controller.abort(reason);
      await expect(running).rejects.toBe(reason);
      expect(await isShown(host, seconds)).toBe(false);
      expect(await filesOf(host, scope)).toEqual([]);
    },
    30_000,
  );

  it('that an earlier attempt started is ended even if the signal had aborted before', async () => {
    const seconds = await leaveSleeping('a');
    await expect(host.runJob({ scope, id: 'a', script: 'true' }, { signal: AbortSignal.abort(new Error('cancelled')) })).rejects.toThrow(
      'cancelled',
    );
    expect(await isShown(host, seconds)).toBe(false);
  });
});

describe('a sweep', () => {
  it('ends and removes the jobs of the scope that are not kept, and tells their ids', async () => {
    const [swept, kept] = [await leaveSleeping('swept'), await leaveSleeping('kept')];
    expect(await host.sweepJobs(scope, ['kept'])).toEqual(['swept']);
    expect([await isShown(host, swept), await isShown(host, kept)]).toEqual([false, true]);
    expect((await filesOf(host, scope))[1]).toBe(`/run/tidemark/${scope}/kept`);
    expect(await host.sweepJobs(`${scope}-other`)).toEqual([]);
    expect(await host.sweepJobs(scope)).toEqual(['kept']);
    expect(await isShown(host, kept)).toBe(false);
  });

  it('also clears what a link that died in the middle of starting or removing left behind', async () => {
    await host.run(
      `cd /run; mkdir -p tidemark/${scope}/.gone.1 tidemark/${scope}/.new.1; touch -d '5 minutes ago' tidemark/${scope}/.gone.1`,
    );
    expect(await host.sweepJobs(scope)).toEqual([]);
    expect(await filesOf(host, scope)).toEqual([`/run/tidemark/${scope}`, `/run/tidemark/${scope}/.new.1`]);
    await host.run(`rm -r /run/tidemark/${scope}`);
  });
});
