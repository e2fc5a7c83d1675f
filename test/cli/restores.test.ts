import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addAttached, addBackup, addDatabase, addLogs } from '#test/api/fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from '#test/api/world.ts';
import { addToken, openShell, type Shell } from './tidemark.ts';

/* Temporal is down in this file: whatever is not refused comes as far as that, and may have begun. */
const temporalIsDown: unknown = expect.stringMatching(
  /(^|\n)tidemark: it may have begun, but no answer tells: Temporal does not answer.*\nLook at `tidemark tasks`.*\n$/,
);

let world: ApiWorld;
let caller: Caller;
let shell: Shell;
let databaseId: string;
let name: string;
let backupId: string;
const at = Math.floor(Date.now() / 1_000) * 1_000 - 7_200_000;
const target = new Date(at + 1_800_000).toISOString();
beforeAll(async () => {
  world = await startApiWorld();
  caller = await world.addCaller();
  shell = await openShell({ TIDEMARK_URL: world.url, TIDEMARK_TOKEN: await addToken(world.db, caller.id) });
  const of = await addAttached(world, caller.id);
  databaseId = of.databaseId;
  name = String((await caller.ask('GET', `/databases/${databaseId}`)).body['name']);
  backupId = await addBackup(world.db, of, { at });
  await addLogs(world.db, databaseId, 1, 1, [at + 600_000, at + 3_600_000]);
});
afterAll(async () => {
  await shell.remove();
  await world.stop();
});

/** How often the API was asked for a restore, by its log. */
const timesAsked = () => world.heard.filter((line) => line.includes('"POST"') && line.includes('/restores"')).length;

describe('a plan', () => {
  it('tells on what a restore rests, its disk and its time, and is the answer of the API as JSON', async () => {
    const { stdout, exitCode } = await shell.tidemark(['plan', name, '--to', target.replace('.000Z', 'Z')]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\nto +everything committed before \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(1h ago\)\n/);
    expect(stdout).toMatch(/\nfrom +full of .* UTC \(2h ago\), 4\.0 GB\nlogs +2 pieces, 33\.6 MB\n/);
    expect(stdout).toMatch(/\ndisk +about 4\.0 GB free on the host, .*\ntime +about \d+ s\n$/);
    const plan = await caller.ask('GET', `/databases/${databaseId}/restore-plan?backupId=${backupId}`);
    expect(JSON.parse((await shell.tidemark(['plan', name, '--backup', backupId, '--json'])).stdout)).toEqual(plan.body);
  });

  it('says where it can only be made later', async () => {
    const { stdout } = await shell.tidemark(['plan', name, '--to', new Date().toISOString().replace(/\.\d+/, '')]);
    expect(stdout).toMatch(/\ndisk +its newest logs are archived first; only then this can be told\n/);
  });

  it('wants either a time with its zone or a backup, and tells a hole with its hint', async () => {
    for (const args of [
      [],
      ['--to', target, '--backup', backupId],
      ['--to', '2026-11-22T21:50:11'],
      ['--to', '2026-02-30T00:00:00Z'],
      ['--to', 'yesterday'],
    ])
      expect([args, (await shell.tidemark(['plan', name, ...args])).exitCode]).toEqual([args, 2]);
    const early = await shell.tidemark(['plan', name, '--to', '2020-01-01T00:00:00+02:00']);
    expect(early).toMatchObject({ exitCode: 1, stdout: '' });
    expect(early.stderr).toMatch(
      /^tidemark: .*2019-12-31T22:00:00.*\nChoose a time inside one of the intervals of the recovery window\.\n$/,
    );
  });
});

describe('a restore', () => {
  it.each([
    ['another name is typed', [], 'orders\n'],
    ['nothing is typed', [], ''],
    ['another name is given', ['--confirm', 'orders'], `irrelevant\n`],
  ])('is not asked for when %s, after its plan was shown', async (_, args, input) => {
    const refused = await shell.tidemark(['restore', name, '--backup', backupId, ...args], input);
    expect(refused.exitCode).toBe(2);
    expect(refused.stdout).toMatch(/\ndisk +about 4\.0 GB/);
    expect(refused.stderr).toMatch(/: nothing was begun\n.*--confirm/);
    expect(timesAsked()).toBe(0);
  });

  it('is asked for when the name is typed or given', async () => {
    const typed = await shell.tidemark(['restore', databaseId, '--to', target.replace('.000', '')], `${name}\n`);
    expect(typed).toMatchObject({ exitCode: 4, stderr: temporalIsDown });
    const given = await shell.tidemark(['restore', name, '--backup', backupId, '--confirm', name, '--json']);
    expect(given).toMatchObject({ exitCode: 4, stdout: '', stderr: temporalIsDown });
    // each four times: what keeps Temporal away may pass
    expect(timesAsked()).toBe(8);
  });

  it('wants a token of scope full; one of scope read or operate sees the plan', async () => {
    for (const scope of ['read', 'operate'] as const) {
      const weak = await openShell({ TIDEMARK_URL: world.url, TIDEMARK_TOKEN: await addToken(world.db, caller.id, scope) });
      const refused = await weak.tidemark(['restore', name, '--backup', backupId, '--confirm', name]);
      expect([scope, refused.exitCode, refused.stdout]).toEqual([scope, 1, expect.stringContaining('disk')]);
      expect(refused.stderr).toMatch(/^tidemark: this .*token.*full.*\n\w/);
      await weak.remove();
    }
  });
});

describe('what begins a task', () => {
  it('tells the error and the hint of the API when it is refused', async () => {
    const loose = await addDatabase(world, caller.id, { name: 'loose' });
    const backup = await shell.tidemark(['backup', 'loose', '--kind', 'incremental']);
    expect(backup).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        'tidemark: loose is not attached to a policy\nAttach the database to a policy first: to the one that the message names, if it names one.\n',
    });
    expect(await shell.tidemark(['detach', loose])).toMatchObject({ exitCode: 1, stderr: 'tidemark: loose is not attached to a policy\n' });
    const { policyName } = (await caller.ask('GET', `/databases/${databaseId}`)).body['attachment'] as { policyName: string };
    const again = await shell.tidemark(['attach', name, policyName]);
    expect(again.stderr).toMatch(/^tidemark: Database is already attached .*\nDetach the database/);
    expect(await shell.tidemark(['detach', name, '--watch'])).toMatchObject({ exitCode: 4, stderr: temporalIsDown });
  });
});
