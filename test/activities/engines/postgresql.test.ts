import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { postgresql } from '#activities/engines/postgresql/index.ts';
import { sh } from '#activities/hosts/script.ts';
import { connectHost } from '#activities/hosts/ssh.ts';
import { describeEngine } from '../../contracts/engine.ts';
import { labHost, resetPrimary } from '../../lab.ts';
import { openBench } from './postgresql-bench.ts';
import { describeReplica } from './replica-stories.ts';

const openPrimary = async () => {
  await resetPrimary();
  return openBench({ port: 5432 });
};

describeEngine(openPrimary);

it('tells a replica from a primary, and how far it is behind', async () => {
  const health = async (service: 'pg-primary' | 'pg-replica', port = 5432) => {
    const host = await connectHost(await labHost(service));
    try {
      return await postgresql.measureHealth({ host, database: { id: randomUUID(), name: service, port }, report: () => undefined });
    } finally {
      host.close();
    }
  };
  expect(await health('pg-primary')).toMatchObject({
    role: 'primary',
    lagSeconds: null,
    version: expect.stringMatching(/^17\./) as string,
  });
  const replica = await health('pg-replica');
  expect(replica.role).toBe('replica');
  expect(replica.lagSeconds).toBeGreaterThanOrEqual(0);
  await expect(health('pg-primary', 5999)).rejects.toMatchObject({
    code: 'server-not-found',
    message: expect.stringContaining('5999') as string,
  });
});

it('names the store that the host cannot reach', async () => {
  const bench = await openBench({ port: 5432 });
  const { repository, ...context } = bench.context(1);
  const address = { ...repository.address, endpoint: repository.address.endpoint.replace(/:\d+$/, ':9') };
  try {
    await bench.engine.prepare(bench.context(1));
    const request = { backupId: randomUUID(), kind: 'full', parentLabel: undefined } as const;
    await expect(bench.engine.backUp({ ...context, repository: { ...repository, address } }, request)).rejects.toMatchObject({
      code: 'store-unreachable',
      message: expect.stringMatching(/10\.213\.\d+\.10:9/) as string,
    });
  } finally {
    await bench.engine.disarm(bench.context(1));
    await bench.close();
  }
}, 300_000);

it('carries tablespaces along, and refuses one that is newer than the backup', async () => {
  await resetPrimary();
  const bench = await openBench({ port: 5432 });
  const host = await connectHost(await labHost('pg-primary'));
  const context = bench.context(1);
  const onHost = (script: string): Promise<string> =>
    host.run(`as() { (cd / && runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -c "$1"); }\n${script}`);
  const request = (label: string) => ({
    restoreId: randomUUID(),
    label,
    chainLabels: [label],
    target: undefined,
    newGeneration: 2,
    newKey: undefined,
  });
  const backUp = () => bench.engine.backUp(context, { backupId: randomUUID(), kind: 'full', parentLabel: undefined });
  try {
    await onHost('install -d -o postgres /srv/one /srv/two');
    await onHost(
      `as "create tablespace one location '/srv/one'"; as "create table in_one (n int) tablespace one"; as "insert into in_one values (1)"`,
    );
    await bench.engine.prepare(context);
    await bench.engine.arm(context);
    const { label } = await backUp();
    await onHost(`as "insert into in_one values (2)"; as "create tablespace two location '/srv/two'"`);
    await expect(bench.engine.restore.preflight(context, request(label))).rejects.toMatchObject({
      code: 'layout-not-supported',
      message: expect.stringContaining('/srv/two') as string,
    });
    await onHost(`as "drop tablespace two"; chown postgres /srv/small; as "create tablespace fixed location '/srv/small'"`);
    await bench.engine.prepare(context); // an edit still reaches what is attached
    await onHost('as "drop tablespace fixed"');
    const { restore: steps } = bench.engine;
    await onHost('install -d -o postgres /srv/one/PG_15_202209061');
    await expect(steps.preflight(context, request(label))).rejects.toMatchObject({
      code: 'layout-not-supported',
      message: expect.stringContaining('/srv/one/PG_15_202209061') as string,
    });
    await onHost('rmdir /srv/one/PG_15_202209061');
    const going = request(label);
    for (const step of ['preflight', 'build', 'recover', 'swap', 'cleanUp'] as const) await steps[step](context, going);
    expect(await onHost('as "select string_agg(n::text, \',\') from in_one"; ls -d /srv/*tidemark* 2>/dev/null || true')).toBe('1\n');
    await bench.engine.disarm(context);
    await onHost('as "drop table in_one"; as "drop tablespace one"; rm -rf /srv/one /srv/two');
  } finally {
    await bench.close();
    host.close();
  }
});

it('ends the window of a backup where the server was promoted, and opens another with the next full', async () => {
  await resetPrimary();
  const bench = await openBench({ port: 5432 });
  const host = await connectHost(await labHost('pg-primary'));
  const context = bench.context(1);
  const backUp = () => bench.engine.backUp(context, { backupId: randomUUID(), kind: 'full', parentLabel: undefined });
  const gapsSince = async (firstLog: number | undefined) =>
    (await bench.engine.checkContinuity(context, firstLog ?? 0, [await bench.engine.flushLogs(context)])).gaps;
  try {
    await bench.engine.prepare(context);
    await bench.engine.arm(context);
    const before = await backUp();
    await bench.insert(1);
    expect(await gapsSince(before.firstLog)).toEqual([]);
    await host.run(`touch /var/lib/postgresql/17/main/standby.signal; pg_ctlcluster 17 main restart
cd /; runuser -u postgres -- psql -XqAt -c 'select pg_promote()'`);
    await bench.insert(2);
    const promoted = {
      sequence: expect.any(Number) as number,
      reason: expect.stringMatching(/its timeline \d+ ended in WAL segment/) as string,
    };
    expect(await gapsSince(before.firstLog)).toEqual([promoted]);
    const after = await backUp();
    await bench.insert(3);
    expect(await gapsSince(after.firstLog)).toEqual([]);
    expect(await gapsSince(before.firstLog)).toEqual([promoted]);
  } finally {
    await bench.engine.disarm(context);
    host.close();
    await bench.close();
    await resetPrimary();
  }
});

it('restores to a time after settings were raised that a hot standby needs', async () => {
  await resetPrimary();
  const bench = await openBench({ port: 5432 });
  const host = await connectHost(await labHost('pg-primary'));
  const context = bench.context(1);
  const set = (value: number): Promise<string> =>
    host.run(
      sh`cd /; runuser -u postgres -- psql -XqAt -c ${`alter system set max_connections = ${value}`}; pg_ctlcluster 17 main restart`,
    );
  try {
    await bench.engine.prepare(context);
    await bench.engine.arm(context);
    const { label } = await bench.engine.backUp(context, { backupId: randomUUID(), kind: 'full', parentLabel: undefined });
    await set(321);
    await bench.insert(1);
    await sleep(1_100);
    const target = new Date(Math.ceil(Date.now() / 1000) * 1000);
    await sleep(target.getTime() - Date.now() + 1_100);
    await bench.insert(2);
    await bench.engine.flushLogs(context);
    const request = { restoreId: randomUUID(), label, chainLabels: [label], target, newGeneration: 2, newKey: undefined };
    for (const step of ['preflight', 'build', 'recover', 'swap', 'cleanUp'] as const) await bench.engine.restore[step](context, request);
    expect(await bench.numbers()).toEqual([1]);
  } finally {
    await bench.engine.disarm(bench.context(2));
    host.close();
    await bench.close();
    await resetPrimary();
  }
}, 300_000);

it('leaves a server alone that could not start with archiving on', async () => {
  await resetPrimary();
  const bench = await openBench({ port: 5432 });
  const host = await connectHost(await labHost('pg-primary'));
  try {
    await host.run(`cd /; as() { runuser -u postgres -- psql -XqAt -c "$1"; }
as 'alter system set wal_level = minimal'; as 'alter system set max_wal_senders = 0'; pg_ctlcluster 17 main restart`);
    await bench.engine.prepare(bench.context(1));
    await expect(bench.engine.arm(bench.context(1))).rejects.toMatchObject({
      code: 'pitr-not-possible',
      message: expect.stringContaining('wal_level is minimal') as string,
    });
    await bench.insert(1);
    expect(await bench.numbers()).toEqual([1]);
  } finally {
    await resetPrimary();
    await bench.engine.disarm(bench.context(1));
    host.close();
    await bench.close();
  }
}, 300_000);

it('removes a backup that was never proven by its id, also after the host forgot the generation', async () => {
  await resetPrimary();
  const bench = await openBench({ port: 5432 });
  const backUp = () => {
    const backupId = randomUUID();
    return bench.engine.backUp(bench.context(1), { backupId, kind: 'full', parentLabel: undefined }).then(() => backupId);
  };
  try {
    await bench.engine.prepare(bench.context(1));
    await bench.engine.arm(bench.context(1));
    const unproven = await backUp();
    const { label } = await bench.engine.backUp(bench.context(1), { backupId: randomUUID(), kind: 'full', parentLabel: undefined });
    await bench.engine.disarm(bench.context(1));
    await bench.engine.prepare(bench.context(2));
    await bench.engine.arm(bench.context(2));
    await bench.engine.expire(bench.context(1), [unproven]);
    const { repository } = bench.context(1);
    const kept = new Set<string>();
    for await (const { key } of repository.store.list(`${bench.context(1).database.id}/g1/pgbackrest/backup/db/`))
      kept.add(/(\d{8}-\d{6}F)\//.exec(key)?.[1] ?? '');
    kept.delete('');
    expect([...kept]).toEqual([label]);
  } finally {
    await bench.engine.disarm(bench.context(2));
    await bench.close();
  }
}, 300_000);

it('does not take over a server whose logs another tool archives', async () => {
  await resetPrimary();
  const bench = await openBench({ port: 5432 });
  const host = await connectHost(await labHost('pg-primary'));
  const sql = (text: string): Promise<string> => host.run(`cd / && runuser -u postgres -- psql -XqAt -c "${text}"`);
  try {
    await sql(`alter system set archive_mode = 'on'`);
    await sql(`alter system set archive_command = 'other-tool --password=hidden %p'`);
    await host.run('pg_ctlcluster 17 main restart');
    await bench.engine.prepare(bench.context(1));
    const refused = bench.engine.arm(bench.context(1));
    await expect(refused).rejects.toMatchObject({ code: 'archiving-in-use', message: expect.stringContaining('other-tool') as string });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('hidden') as string });
    expect(await sql('show archive_command')).toContain('other-tool');
  } finally {
    await bench.close();
    await resetPrimary();
    host.close();
  }
});

it('refuses a restore for which the disk has no room, with the numbers, and a second instance on the host is found by its port', async () => {
  const host = await connectHost(await labHost('pg-primary'));
  await host.run(`pg_createcluster -d /srv/small/main -p 5433 17 small >/dev/null && pg_ctlcluster 17 small start`);
  const bench = await openBench({ port: 5433 });
  try {
    await bench.engine.prepare(bench.context(1));
    await bench.engine.arm(bench.context(1));
    await bench.insert(1);
    const backup = await bench.engine.backUp(bench.context(1), { backupId: randomUUID(), kind: 'full', parentLabel: undefined });
    const request = {
      restoreId: randomUUID(),
      label: backup.label,
      chainLabels: [backup.label],
      target: undefined,
      newGeneration: 2,
      newKey: undefined,
    };
    await expect(bench.engine.restore.preflight(bench.context(1), request)).rejects.toMatchObject({
      code: 'disk-too-small',
      message: expect.stringMatching(/needs \d+ bytes .* on \/srv\/small .* \d+ bytes .* are free/) as string,
    });
    expect(await bench.numbers()).toEqual([1]);
    await bench.engine.disarm(bench.context(1));
  } finally {
    await bench.close();
    await host.run(`pg_dropcluster --stop 17 small`);
    host.close();
  }
});

describeReplica(openPrimary, postgresql);
