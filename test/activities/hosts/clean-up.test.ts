import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '#activities/hosts/port.ts';
import { connectHost } from '#activities/hosts/ssh.ts';
import { eventually, filesOf, hostUnderTest, rareSeconds } from '#test/contracts/host.ts';

let host: Host;
let scope: string;
let mark: string;
const stream = () => ({ scope, id: 'a' });
const marked = async (): Promise<boolean> => (await host.run(`ls ${mark} 2>/dev/null || true`)) !== '';

beforeEach(async () => {
  scope = `test-${process.pid}-${Math.floor(Math.random() * 1e9)}`;
  mark = `/tmp/tidemark-clean-${scope}`;
  host = await connectHost(await hostUnderTest());
});
afterEach(async () => {
  await eventually(async () => (await filesOf(host, scope)).length === 0, 20_000);
  host.close();
});

describe('what a script cleans up', () => {
  it('is cleaned up also when it is killed', async () => {
    await beginAndLeave(`touch ${mark}; clean_up() { rm ${mark}; }; cat /dev/zero`);
  });

  it('is cleaned up also when it is killed just as it ends by itself', async () => {
    const slowly = 'trap() { sleep 2 || :; builtin trap "$@"; }';
    await beginAndLeave(`clean_up() { rm ${mark}; }; ${slowly}; touch ${mark}; exit 3`);
  });

  it('is cleaned up also when a process that it waits for begins only as it is killed', async () => {
    const waiting = `bash -c 'trap "sleep ${rareSeconds()}" TERM; sleep ${rareSeconds()} & wait'`;
    await beginAndLeave(`clean_up() { rm ${mark}; }; touch ${mark}; ${waiting}`);
  });
});

async function beginAndLeave(script: string): Promise<void> {
  const output = await host.readStream(script, stream());
  await eventually(marked);
  output.stdout.destroy();
  await eventually(async () => !(await marked()), 15_000);
  expect(await marked()).toBe(false);
}
