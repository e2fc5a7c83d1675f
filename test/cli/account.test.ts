import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isCommandThere } from '#standalone/commands.ts';
import { type ApiWorld, type Caller, startApiWorld } from '#test/api/world.ts';
import { addToken, entry, openShell, type Shell } from './tidemark.ts';

let world: ApiWorld;
let caller: Caller;
let token: string;
let shell: Shell;
beforeAll(async () => {
  world = await startApiWorld();
  caller = await world.addCaller();
  token = await addToken(world.db, caller.id);
  shell = await openShell();
});
afterAll(async () => {
  await shell.remove();
  await world.stop();
});

const kept = () => join(shell.home, 'config', 'tidemark', 'credentials.json');

describe('signing in', () => {
  it('keeps a token that works, for its owner alone, and shows it nowhere', async () => {
    const login = await shell.tidemark(['login', '--url', `${world.url}/api/v1/`], `${token}\n`);
    expect(login).toMatchObject({ exitCode: 0, stderr: '' });
    expect(login.stdout).toContain(`${caller.id}@example.com`);
    expect(login.stdout).not.toContain(token);
    expect(JSON.parse(await readFile(kept(), 'utf8'))).toEqual({ url: world.url, token });
    expect(((await stat(kept())).mode & 0o777).toString(8)).toBe('600');
    expect(((await stat(join(shell.home, 'config', 'tidemark'))).mode & 0o777).toString(8)).toBe('700');
    const who = await shell.tidemark(['whoami', '--json']);
    expect(JSON.parse(who.stdout)).toMatchObject({ id: caller.id, role: 'user', receivesAllNotices: false });
    expect((await shell.tidemark(['whoami'])).stdout).toMatch(new RegExp(`e-mail +${caller.id}@example.com\n`));
  });

  it('narrows the rights of a file that others could read', async () => {
    const other = await openShell();
    await other.tidemark(['login', '--url', world.url], token);
    const file = join(other.home, 'config', 'tidemark', 'credentials.json');
    await chmod(file, 0o644);
    await other.tidemark(['login', '--url', world.url], token);
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600');
    await other.remove();
  });

  it('does not keep a token that does not work, and has no option that takes one', async () => {
    const other = await openShell();
    const wrong = await other.tidemark(['login', '--url', world.url], 'tidemark_wrong\n');
    expect(wrong).toMatchObject({ exitCode: 1, stdout: '' });
    expect(wrong.stderr).toMatch(/^tidemark: .*\n.*tidemark login/);
    expect(wrong.stderr).not.toContain('tidemark_wrong');
    expect(await other.tidemark(['login', '--url', world.url], '')).toMatchObject({ exitCode: 2 });
    expect(await other.tidemark(['login', '--url', world.url, '--token', token])).toMatchObject({ exitCode: 2 });
    expect(await other.tidemark(['login', '--url', `${world.url}?token=${token}`], token)).toMatchObject({ exitCode: 2 });
    expect(await other.tidemark(['whoami'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('tidemark login') });
    await other.remove();
  });

  it('sends a kept token to no other address', async () => {
    const elsewhere = await openShell({ ...shell.environment, TIDEMARK_URL: 'http://127.0.0.2:1234' });
    expect(await elsewhere.tidemark(['whoami'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no token for http://127.0.0.2:1234'),
    });
    await elsewhere.remove();
  });

  it('is not needed where the environment names both', async () => {
    const other = await openShell({ TIDEMARK_URL: world.url, TIDEMARK_TOKEN: token });
    expect(await other.tidemark(['whoami'])).toMatchObject({ exitCode: 0 });
    await other.remove();
  });

  it('ends with logout', async () => {
    expect(await shell.tidemark(['logout'])).toMatchObject({ exitCode: 0 });
    await expect(stat(kept())).rejects.toThrow('ENOENT');
    expect(await shell.tidemark(['databases'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await shell.tidemark(['logout'])).toMatchObject({ exitCode: 0 });
  });
});

const hasScript = process.platform === 'linux' && (await isCommandThere('script'));

describe('at a terminal', () => {
  it.skipIf(!hasScript)('the token is asked for and not shown while it is typed (skipped where no `script` makes terminals)', async () => {
    const command = `'${process.execPath}' '${entry}' login --url ${world.url}`;
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env: shell.environment });
    let seen = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => void (seen += text));
    await vi.waitFor(() => expect(seen).toContain('Token: '), 20_000);
    child.stdin.write(`${token}\r`);
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(seen).toContain('Signed in as');
    expect(seen).not.toContain(token);
  });
});
