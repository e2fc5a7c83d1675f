import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { findManifest } from '#activities/engines/manifest.ts';
import type { BackupOutcome, Engine, EngineContext, RestoreRequest } from '#activities/engines/port.ts';
import type { StreamedData } from '#activities/engines/streamed/backup-grammar.ts';
import { sh } from '#activities/hosts/script.ts';
import { connectHost } from '#activities/hosts/ssh.ts';
import { eventually } from '../../contracts/host.ts';
import { labHost } from '../../lab.ts';
import { openStreamedBench, type StreamedBench } from './streamed-bench.ts';

/** What differs in the SQL of the two. */
export interface StreamedWords {
  readonly reset: string;
  readonly replica: 'mariadb-replica' | 'mysql-replica';
  readonly replicaStatus: string;
  /** What the primary has done so far; and what makes a replica go on from there. */
  readonly positionSql: string;
  readonly follow: (position: string) => string;
  /** Processes of the backup's, by their command lines. */
  readonly tools: readonly string[];
  /** How root logs in, for ALTER USER. */
  readonly rootsPassword: (password: string) => string;
  readonly rootsSocket: string;
}

const NAMES = ['with space', "it's", 'back`tick', 'ünï–日本', 'semi;colon', 'per%cent'];
const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/** What the engines whose backups stream must do beside the contract of every engine. */
export function describeStreamed(engine: Engine, words: StreamedWords): void {
  let bench: StreamedBench;
  let generation = 1;
  const context = (): EngineContext => bench.context(generation);
  const backUp = (kind: 'full' | 'incremental' = 'full', parentLabel?: string, backupId: string = randomUUID()): Promise<BackupOutcome> =>
    engine.backUp(context(), { backupId, kind, parentLabel });
  const requestFor = (chainLabels: readonly string[], target?: Date): RestoreRequest => ({
    restoreId: randomUUID(),
    label: chainLabels.at(-1) ?? '',
    chainLabels,
    target,
    newGeneration: generation + 1,
    newKey: context().repository.key,
  });
  const restore = async (
    request: RestoreRequest,
    recover = (): Promise<void> => engine.restore.recover(context(), request),
  ): Promise<void> => {
    for (const step of ['preflight', 'build'] as const) await engine.restore[step](context(), request);
    await recover();
    for (const step of ['swap', 'archiveFormer', 'cleanUp'] as const) await engine.restore[step](context(), request);
    generation = request.newGeneration;
    await engine.arm(context());
  };
  /** As a worker that dies while the private server runs, and the next one. */
  const recoverTwice = async (request: RestoreRequest): Promise<void> => {
    const death = new AbortController();
    const first = engine.restore.recover({ ...context(), signal: death.signal }, request);
    first.catch(() => undefined);
    await eventually(async () => (await bench.host.run('cat /var/lib/tidemark/*/private/pid 2>/dev/null || true')) !== '', 60_000);
    death.abort(new Error('the worker died'));
    await expect(first).rejects.toThrow('the worker died');
    await engine.restore.recover(context(), request);
  };
  /** A whole second with nothing committed near it. */
  const quietSecond = async (): Promise<Date> => {
    await sleep(1_100);
    const second = new Date(Math.ceil(Date.now() / 1000) * 1000);
    await sleep(second.getTime() - Date.now() + 1_100);
    return second;
  };

  beforeAll(async () => {
    bench = await openStreamedBench(engine);
    await engine.prepare(context());
    await engine.arm(context());
  });
  afterAll(async () => {
    await engine.disarm(context());
    for (const name of NAMES) await bench.sql(`drop database if exists ${quoted(name)}`);
    await bench.close();
  });
  afterEach(async () => {
    expect(await bench.host.run('ls -d /var/lib/*tidemark-* /run/tidemark* /var/lib/mysql-files/tidemark* 2>/dev/null || true')).toBe('');
  });

  it('carries names of all kinds, empty databases, tables made and changed during the backup, through a chain of three incrementals', async () => {
    for (const name of NAMES) {
      await bench.sql(
        `create database ${quoted(name)}; create table ${quoted(name)}.${quoted(name)} (id int primary key, ${quoted(`c ${name}`)} text)`,
      );
      await bench.sql(`insert into ${quoted(name)}.${quoted(name)} values (1, '日本 ''x''')`);
    }
    await bench.sql('create database if not exists nothing_in_it');
    await bench.sql(`create table shop.ballast (id int auto_increment primary key, t varchar(1000)); insert into shop.ballast (t) values (repeat(sha2(rand(), 256), 15));
${'insert into shop.ballast (t) select repeat(sha2(rand(), 256), 15) from shop.ballast;\n'.repeat(14)}`);
    let changing = true;
    const changes = (async () => {
      for (let number = 0; changing; number++) {
        await bench.sql(
          `create table shop.made_${number} (n int primary key); insert into shop.made_${number} values (${number}); alter table shop.made_${number} add m text; rename table shop.made_${number} to shop.renamed_${number}; insert into shop.numbers values (${1000 + number})`,
        );
      }
    })();
    const chain = [await backUp()];
    for (let link = 0; link < 3; link++) chain.push(await backUp('incremental', chain.at(-1)?.label));
    changing = false;
    await changes;
    expect(chain.map(({ kind, fallbackReason }) => [kind, fallbackReason])).toEqual([
      ['full', undefined],
      ['incremental', undefined],
      ['incremental', undefined],
      ['incremental', undefined],
    ]);
    const second = await quietSecond();
    const state = (): Promise<string> =>
      bench.sql(`${NAMES.map((name) => `select * from ${quoted(name)}.${quoted(name)};`).join('\n')}
checksum table shop.ballast; select * from shop.numbers order by n; show tables from shop; show databases`);
    const before = await state();
    await bench.sql("insert into shop.numbers values (2000); drop table shop.ballast; drop database `it's`");
    await engine.flushLogs(context());
    await restore(
      requestFor(
        chain.map(({ label }) => label),
        second,
      ),
    );
    expect(await state()).toBe(before);
    await bench.sql('drop database nothing_in_it; drop table shop.ballast');
  });

  it('is not led astray by a session that has set its time into the future or the past', async () => {
    await bench.sql('truncate shop.numbers');
    const base = await backUp();
    await bench.sql(
      `insert into shop.numbers values (1); set timestamp = unix_timestamp() + 86400; insert into shop.numbers values (2); set timestamp = default; insert into shop.numbers values (3)`,
    );
    await bench.sql(`set timestamp = unix_timestamp() - 86400; insert into shop.numbers values (4); set timestamp = default`);
    await sleep(1_500);
    await bench.sql('insert into shop.numbers values (5)');
    const second = await quietSecond();
    await bench.sql('insert into shop.numbers values (6)');
    await engine.flushLogs(context());
    const request = requestFor([base.label], second);
    await restore(request, () => recoverTwice(request));
    expect(await bench.numbers()).toEqual([1, 2, 3, 4, 5]);
  });

  it('restores a backup from a time when root had another password', async () => {
    const [old, now] = ['Old-1-password', 'New-2-password'];
    const logIn = (password: string): Promise<string> =>
      bench.host.run(sh`umask 077; printf '[client]\npassword=%s\n' ${password} > /root/.my.cnf`);
    try {
      await bench.sql(`alter user root@localhost ${words.rootsPassword(old)}`);
      await logIn(old);
      const base = await backUp();
      await bench.sql(`alter user root@localhost ${words.rootsPassword(now)}`);
      await logIn(now);
      const request = requestFor([base.label]);
      for (const step of ['preflight', 'build', 'recover', 'swap', 'cleanUp'] as const) await engine.restore[step](context(), request);
      generation = request.newGeneration;
      await expect(engine.arm(context())).rejects.toMatchObject({ code: 'server-not-found' });
      await logIn(old);
      await engine.arm(context());
      expect(await bench.sql(`select user from mysql.user where user like 'tidemark%'`)).toBe('');
    } finally {
      await bench.sql(`alter user root@localhost ${words.rootsSocket}`);
      await bench.host.run('rm -f /root/.my.cnf');
    }
  });

  it('takes over what lies beside the data in its directory', async () => {
    await bench.host.run(
      `cd /var/lib/mysql && echo mine > notes.txt && mkdir -m 0700 .private && echo mine > .private/key && chmod 0751 .`,
    );
    const base = await backUp();
    await restore(requestFor([base.label]));
    expect(await bench.host.run('cd /var/lib/mysql && cat notes.txt .private/key && stat -c %a .')).toBe('mine\nmine\n751\n');
    await bench.host.run('cd /var/lib/mysql && rm -r notes.txt .private && chmod 0700 .');
  });

  it('refuses a table that lies outside the data directory, at each backup and each restore', async () => {
    const base = await backUp();
    await bench.host.run('install -d -o mysql -g mysql /var/lib/elsewhere && ln -s /var/lib/elsewhere /var/lib/mysql/shop_elsewhere');
    const refused = { code: 'layout-not-supported', message: expect.stringContaining('shop_elsewhere -> /var/lib/elsewhere') as string };
    await expect(backUp()).rejects.toMatchObject(refused);
    await expect(engine.restore.preflight(context(), requestFor([base.label]))).rejects.toMatchObject(refused);
    await bench.host.run('rm -r /var/lib/mysql/shop_elsewhere /var/lib/elsewhere');
  });

  it('archives nothing more once what is logged could not be replayed', async () => {
    await bench.sql('set global binlog_format = STATEMENT');
    await expect(engine.flushLogs(context())).rejects.toMatchObject({
      code: 'pitr-not-possible',
      message: expect.stringContaining('binlog_format is STATEMENT') as string,
    });
    await engine.arm(context());
    await engine.flushLogs(context());
  });

  it('refuses what was changed in the bucket before anything of it is put to use', async () => {
    const base = await backUp();
    const { store } = context().repository;
    const manifest = await findManifest<StreamedData>(context(), base.label);
    const [volume] = manifest?.data.volumes ?? [];
    if (volume === undefined) throw new Error('there is no volume');
    const body = await store.get(volume.key, 512 * 1024 * 1024);
    body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
    await store.put(volume.key, body);
    const request = requestFor([base.label]);
    await engine.restore.preflight(context(), request);
    await expect(engine.restore.build(context(), request)).rejects.toMatchObject({ code: 'object-tampered' });
    await engine.restore.cleanUp(context(), request);
    const key = `${bench.databaseId}/g${generation}/backups/${base.label}/manifest.json`;
    await store.put(key, Buffer.from((await store.get(key)).toString().replace('"full"', '"Full"')));
    await expect(engine.restore.preflight(context(), requestFor([base.label]))).rejects.toMatchObject({ code: 'object-tampered' });
    expect((await backUp('incremental', base.label)).fallbackReason).toContain('manifest.json is not what was written');
  });

  it('never completes a backup whose tool was killed in the middle, and takes it whole afterwards', async () => {
    const backupId = randomUUID();
    await bench.sql(`create table shop.ballast (id int auto_increment primary key, t varchar(1000)); insert into shop.ballast (t) values (repeat(sha2(rand(), 256), 15));
${'insert into shop.ballast (t) select repeat(sha2(rand(), 256), 15) from shop.ballast;\n'.repeat(17)}`);
    const killer = await connectHost(await labHost(`${engine.name as 'mariadb' | 'mysql'}-primary`));
    for (const tool of words.tools) {
      const killed = killer.run(`for try in $(seq 2000); do pkill -KILL -f ${sh`${tool}`} && exit 0; sleep 0.01; done; exit 1`);
      await expect(backUp('full', undefined, backupId)).rejects.toMatchObject({ code: 'backup-failed' });
      await killed;
      expect(await findManifest(context(), backupId)).toBeUndefined();
      expect(await bench.sql(`select info from information_schema.processlist where info like 'clone%'`)).toBe('');
    }
    killer.close();
    const again = await backUp('full', undefined, backupId);
    const volumes = (await findManifest<StreamedData>(context(), backupId))?.data.volumes ?? [];
    const stored: string[] = [];
    for await (const { key } of context().repository.store.list(`${bench.databaseId}/g${generation}/backups/${backupId}/data`))
      stored.push(key);
    expect(stored).toEqual(volumes.map(({ key }) => key));
    expect(again.storedBytes).toBe(volumes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    await bench.sql('drop table shop.ballast');
  });

  it('tells what was purged before it was archived, and what a RESET has cut off; a full opens the window again', async () => {
    const base = await backUp();
    await bench.closeLogs(3);
    const logs = (await bench.sql('show binary logs')).split('\n').map((line) => line.split('\t')[0] ?? '');
    await bench.sql(`purge binary logs to '${logs.at(-1)}'`);
    const mark = await engine.flushLogs(context());
    const { gaps } = await engine.checkContinuity(context(), base.firstLog ?? 0, [mark]);
    expect(gaps).toEqual([
      { sequence: expect.any(Number) as number, reason: expect.stringMatching(/were purged before they were archived/) as string },
    ]);
    const late = requestFor([base.label], new Date(mark.coversUntil));
    await expect(engine.restore.preflight(context(), late)).rejects.toMatchObject({ code: 'target-not-reached' });
    const child = await backUp('incremental', base.label);
    if (child.kind === 'full') expect(child.fallbackReason).toContain('purged');
    const next = await backUp();
    await bench.sql(words.reset);
    await bench.closeLogs(2);
    const after = await engine.flushLogs(context());
    const report = await engine.checkContinuity(context(), next.firstLog ?? 0, [after]);
    expect(report.gaps).toEqual([expect.objectContaining({ reason: expect.stringMatching(/were reset after/) as string })]);
    const fresh = await backUp();
    const open = await engine.checkContinuity(context(), fresh.firstLog ?? 0, [await engine.flushLogs(context())]);
    expect(open.gaps).toEqual([]);
  });

  it('gives the restored primary a line of its own: a replica of the old one stops', async () => {
    const replica = await connectHost(await labHost(words.replica));
    const onReplica = (sql: string): Promise<string> => replica.run(`${engine.name} -E <<'SQL'\n${sql}\nSQL\n`);
    await onReplica(words.follow(await bench.sql(words.positionSql)));
    await bench.sql('truncate shop.numbers; insert into shop.numbers values (1)');
    const base = await backUp();
    const followed = async (number: number): Promise<boolean> =>
      (await onReplica('select n from shop.numbers').catch(() => '')).includes(`n: ${number}`);
    for (let tries = 0; tries < 100 && !(await followed(1)); tries++) await sleep(200);
    expect(await followed(1)).toBe(true);
    await restore(requestFor([base.label]));
    await bench.insert(7);
    const status = async (): Promise<string> => onReplica(words.replicaStatus);
    for (let tries = 0; tries < 150 && !/Last_IO_Errno: (1236|13114)/.test(await status()); tries++) await sleep(200);
    expect(await status()).toMatch(/Last_IO_Errno: (1236|13114)/);
    expect(await status()).toMatch(/IO_Running: No/);
    expect(await followed(7)).toBe(false);
    replica.close();
  });

  it('says on which port no server was found', async () => {
    const stranger = { ...context(), database: { ...context().database, id: randomUUID(), port: 3399 } };
    await expect(engine.measureHealth(stranger)).rejects.toMatchObject({
      code: 'server-not-found',
      message: expect.stringContaining('3399') as string,
    });
  });
}
