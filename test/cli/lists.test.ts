import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertTask } from '#db/tasks.ts';
import { addAttached, addBackup, addDatabase, addLogs, addPolicy, addTask } from '#test/api/fixtures.ts';
import { type ApiWorld, type Caller, startApiWorld } from '#test/api/world.ts';
import { addToken, openShell, type Shell } from './tidemark.ts';

let world: ApiWorld;
let caller: Caller;
let shell: Shell;
beforeAll(async () => {
  world = await startApiWorld();
  caller = await world.addCaller();
  shell = await openShell({ TIDEMARK_URL: world.url, TIDEMARK_TOKEN: await addToken(world.db, caller.id) });
});
afterAll(async () => {
  await shell.remove();
  await world.stop();
});

async function json<T>(...args: string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await shell.tidemark([...args, '--json']);
  expect([exitCode, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as T;
}

interface Listed {
  readonly items: readonly { readonly id: string }[];
  readonly nextCursor: string | null;
}

describe('a list', () => {
  it('is a table for people, and the very answer of the API as JSON', async () => {
    const { databaseId, policyId } = await addAttached(world, caller.id);
    await addBackup(world.db, { databaseId, policyId });
    await addDatabase(world, caller.id, { name: 'plain', status: 'error' });
    const { stdout } = await shell.tidemark(['databases']);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^NAME +ENGINE +HOST +ROLE +STATUS +POLICY +PITR +LAST BACKUP$/);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(
      /^orders-\w+ +postgresql 17\.6 +db\.example\.com:5432 +primary +active +nightly-\w+ +configuring +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(1h ago\)/,
    );
    expect(rows[1]).toMatch(/^plain .* error +- +- +-$/);
    expect(await json('databases')).toEqual((await caller.ask('GET', '/databases')).body);
    expect(await json('policies')).toEqual((await caller.ask('GET', '/policies')).body);
    expect(await json('backups', databaseId)).toEqual((await caller.ask('GET', `/databases/${databaseId}/backups`)).body);
    expect((await shell.tidemark(['backups', databaseId])).stdout).toMatch(/ full +completed .* UTC \(1h ago\) +4\.0 GB +1\.0 GB\n/);
    expect((await shell.tidemark(['policies'])).stdout).toMatch(
      /nightly-\w+ .*full daily 02:00, incremental every 6 h +on +backups\/team at s3\.example\.com/,
    );
  });

  it('takes the filters of the API', async () => {
    expect((await json<Listed>('databases', '--unattached')).items).toMatchObject([{ name: 'plain' }]);
    expect((await json<Listed>('databases', '--attached', '--engine', 'postgresql')).items).toHaveLength(1);
    expect((await json<Listed>('databases', '--search', 'no such')).items).toEqual([]);
    expect((await shell.tidemark(['databases', '--search', 'no such'])).stdout).toBe('No databases.\n');
    expect((await json<Listed>('databases', '--sort', '-name', '--status', 'error')).items).toMatchObject([{ name: 'plain' }]);
    expect(await shell.tidemark(['databases', '--status', 'good'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('active'),
    });
    expect(await shell.tidemark(['databases', '--limit', '0'])).toMatchObject({ exitCode: 2 });
  });

  it('is followed over all its pages, or as far as is asked for', async () => {
    const databaseId = await addDatabase(world, caller.id, { name: 'busy' });
    const rows = Array.from(
      { length: 1_203 },
      () => ({ id: randomUUID(), kind: 'check', owner_id: caller.id, database_id: databaseId }) as const,
    );
    await world.db.insertInto('tasks').values(rows).execute();
    const policyId = await addPolicy(world, caller.id, { name: 'quiet' });
    const other = randomUUID();
    await insertTask(world.db, { id: other, kind: 'delete', owner_id: caller.id, policy_id: policyId });
    expect((await json<Listed>('tasks', '--policy', 'quiet')).items).toMatchObject([{ id: other }]);
    expect((await shell.tidemark(['tasks', '--kind', 'delete'])).stdout).toMatch(/ delete {2}quiet {2}queued /);
    const all = await json<Listed>('tasks', '--database', 'busy');
    expect(all.nextCursor).toBeNull();
    expect(new Set(all.items.map(({ id }) => id))).toEqual(new Set(rows.map(({ id }) => id)));
    const some = await json<Listed>('tasks', '--database', 'busy', '--limit', '701');
    expect(some.items).toEqual(all.items.slice(0, 701));
    expect(some.nextCursor).toBe(some.items.at(-1)?.id);
    const lines = (await shell.tidemark(['tasks', '--database', 'busy', '--kind', 'check', '--status', 'queued'])).stdout.split('\n');
    expect(lines).toHaveLength(1_205);
    expect(lines[1]).toMatch(/^[0-9a-f-]{36} {2}check {2}busy {2}queued {2}- +\d{4}-/);
  });

  it('does not let what others wrote steer the terminal', async () => {
    const id = randomUUID();
    const error_message = 'bad\u001B]0;title\u0007\u202E\nroot# rm';
    await insertTask(world.db, { id, kind: 'check', status: 'failed', owner_id: caller.id, error_code: 'disk-full', error_message });
    const { stdout } = await shell.tidemark(['tasks', 'show', id]);
    expect(stdout).toMatch(/error +bad \]0;title root# rm \(disk-full\)\n/);
    const watched = await json<{ error: { message: string } }>('tasks', 'show', id);
    expect(watched.error.message).toBe(error_message);
  });
});

describe('one of them', () => {
  it('is shown by its name or its id', async () => {
    const policyId = await addPolicy(world, caller.id, { name: 'Production daily' });
    const databaseId = await addDatabase(world, caller.id, { name: 'orders' });
    for (const name of ['orders', databaseId, databaseId.toUpperCase()])
      expect(await json('databases', 'show', name)).toEqual((await caller.ask('GET', `/databases/${databaseId}`)).body);
    expect(await json('policies', 'show', 'Production daily')).toMatchObject({ id: policyId });
    expect((await shell.tidemark(['policies', 'show', policyId])).stdout).toMatch(
      /retention +7 fulls, incrementals 30 days, logs 72 hours\n/,
    );
    expect((await shell.tidemark(['databases', 'show', 'orders'])).stdout).toMatch(/host key +SHA256:/);
    const taskId = await addTask(world.db, caller.id, databaseId);
    expect(await json('tasks', 'show', taskId)).toEqual((await caller.ask('GET', `/tasks/${taskId}`)).body);
    expect((await shell.tidemark(['tasks', 'show', taskId])).stdout).toMatch(/of +orders\nstatus +queued\n/);
  });

  it('that is not there is refused, with what is called alike', async () => {
    const unknown = await shell.tidemark(['databases', 'show', 'order']);
    expect(unknown).toMatchObject({ exitCode: 1, stdout: '' });
    expect(unknown.stderr).toMatch(/^tidemark: there is no database "order"\nSimilar: .*orders/);
    const gone = await shell.tidemark(['databases', 'show', randomUUID()]);
    expect(gone).toMatchObject({ exitCode: 1 });
    expect(gone.stderr).toMatch(/^tidemark: .*\nCheck the id\./);
  });

  it('whose name two have is refused, and both are told', async () => {
    const admin = await world.addCaller('admin');
    const other = await world.addCaller();
    const ids = [await addDatabase(world, caller.id, { name: 'twice' }), await addDatabase(world, other.id, { name: 'twice' })];
    const root = await openShell({ TIDEMARK_URL: world.url, TIDEMARK_TOKEN: await addToken(world.db, admin.id) });
    const refused = await root.tidemark(['databases', 'show', 'twice']);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    for (const word of [...ids, caller.id, other.id]) expect(refused.stderr).toContain(word);
    const stdout = (await root.tidemark(['databases', '--search', 'twice'])).stdout;
    expect(stdout).toMatch(/^NAME +OWNER /);
    expect(await json('databases', 'show', 'twice')).toMatchObject({ id: ids[0] });
    await root.remove();
  });
});

describe('the recovery window', () => {
  it('is told in whole seconds that can be asked for, with its hole and the reason', async () => {
    const start = Math.floor(Date.now() / 60_000) * 60_000 - 36_000_000;
    const minute = (count: number) => start + count * 60_000;
    const utc = (at: number) => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
    const of = await addAttached(world, caller.id);
    await addBackup(world.db, of, { at: minute(10) + 500, logs: [1, 1] });
    await addBackup(world.db, of, { at: minute(200), logs: [5, 5] });
    await addLogs(world.db, of.databaseId, 1, 1, [minute(20), minute(60) + 700, null, minute(120), minute(210), minute(300)]);
    expect(await json('window', of.databaseId)).toEqual((await caller.ask('GET', `/databases/${of.databaseId}/recovery-window`)).body);
    const rows = (await shell.tidemark(['window', of.databaseId])).stdout.trimEnd().split('\n').slice(1);
    const expected = [
      [minute(10) + 1_000, minute(60), 'restorable'],
      [minute(60) + 1_000, minute(200), 'hole: log-3 is gone from the bucket'],
      [minute(200) + 1_000, minute(300), 'restorable'],
    ] as const;
    expect(rows.map((row) => row.replaceAll(/ \([^)]*\)/g, ''))).toEqual(
      expected.map(([first, last, words]) => `${utc(first)}  ${utc(last)}  ${words}`),
    );
    for (const [first, last, words] of expected) {
      for (const at of [first, last]) {
        const { exitCode } = await shell.tidemark(['plan', of.databaseId, '--to', utc(at)]);
        expect([utc(at), exitCode]).toEqual([utc(at), words === 'restorable' ? 0 : 1]);
      }
    }
    expect((await shell.tidemark(['window', 'plain'])).stdout).toBe(
      'plain cannot be restored to a time: the database is not attached to a policy.\n',
    );
  });
});
