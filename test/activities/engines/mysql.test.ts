import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mysql } from '#activities/engines/mysql/index.ts';
import { sh } from '#activities/hosts/script.ts';
import { describeEngine } from '../../contracts/engine.ts';
import { eventually } from '../../contracts/host.ts';
import { describeReplica } from './replica-stories.ts';
import { openStreamedBench } from './streamed-bench.ts';
import { describeMishaps } from './streamed-mishaps.ts';
import { describeStreamed, type StreamedWords } from './streamed-stories.ts';

describe('the contract', () => describeEngine(() => openStreamedBench(mysql)));

const words: StreamedWords = {
  reset: 'reset binary logs and gtids',
  replica: 'mysql-replica',
  replicaStatus: 'show replica status',
  positionSql: 'select @@global.gtid_executed',
  follow: (position) =>
    `stop replica; reset binary logs and gtids; set global gtid_purged = '${position.replaceAll('\n', '')}'; set sql_log_bin = 0; drop database if exists shop; create database shop; create table shop.numbers (n int primary key); create table shop.ticks (t int auto_increment primary key); start replica;`,
  rootsPassword: (password) => `identified with caching_sha2_password by '${password}'`,
  rootsSocket: 'identified with auth_socket',
  tools: ['[m]ysql .*-e.clone local data directory', '[t]ar.-C./var/lib/mysql-files/tidemark'],
  unpacks: 'tar',
};

describe('a stream of its own', () => describeStreamed(mysql, words));
describe('mishaps', () => describeMishaps(mysql, words));

it('names the tables that CLONE would leave empty, and takes no backup', async () => {
  const bench = await openStreamedBench(mysql);
  try {
    await mysql.prepare(bench.context(1));
    await mysql.arm(bench.context(1));
    await bench.sql('create table shop.`old one` (n int) engine = MyISAM');
    const refused = mysql.backUp(bench.context(1), { backupId: randomUUID(), kind: 'full', parentLabel: undefined });
    await expect(refused).rejects.toMatchObject({
      code: 'tables-not-supported',
      message: expect.stringContaining('shop.old one (engine MyISAM') as string,
    });
    await mysql.disarm(bench.context(1));
  } finally {
    await bench.close();
  }
});

it('turns GTIDs on while the server serves, and refuses where statements would break', async () => {
  const bench = await openStreamedBench(mysql);
  const start = (): Promise<string> =>
    bench.sql(`select variable_value from performance_schema.global_status where variable_name = 'Uptime'`);
  const off = `set global gtid_mode = ON_PERMISSIVE; set global gtid_mode = OFF_PERMISSIVE; set global gtid_mode = OFF; set global enforce_gtid_consistency = OFF;`;
  try {
    await bench.sql(off);
    await mysql.prepare(bench.context(1));
    const before = Number(await start());
    await mysql.arm(bench.context(1));
    expect(Number(await start())).toBeGreaterThanOrEqual(before);
    expect(await bench.sql('select @@gtid_mode, @@enforce_gtid_consistency')).toBe('ON\tON');
    await mysql.disarm(bench.context(1));
    await bench.sql(off);
    const breaking = bench.sql(
      `create table if not exists shop.i (n int) engine = InnoDB; create table if not exists shop.m (n int) engine = MyISAM;
${'start transaction; insert into shop.i values (1); insert into shop.m values (1); commit; do sleep(0.5);\n'.repeat(30)}`,
    );
    await expect(mysql.arm(bench.context(1))).rejects.toMatchObject({
      code: 'pitr-not-possible',
      message: expect.stringContaining('GTID') as string,
    });
    await breaking;
    expect(await bench.sql('select @@gtid_mode, @@enforce_gtid_consistency')).toBe('OFF\tOFF');
    const log = (await bench.sql('show binary log status')).split('\t')[0] ?? '';
    const follower = await bench.host.run(
      sh`setsid mysqlbinlog --read-from-remote-server --stop-never --connection-server-id=77 ${log} >/dev/null 2>&1 </dev/null & echo $!`,
    );
    await eventually(
      async () => (await bench.sql(`select command from performance_schema.processlist where command = 'Binlog Dump'`)) !== '',
    );
    await expect(mysql.arm(bench.context(1))).rejects.toMatchObject({
      code: 'pitr-not-possible',
      message: expect.stringContaining('replicas follow by log positions') as string,
    });
    await bench.host.run(sh`kill ${follower.trim()}`);
    expect(await bench.sql('select @@gtid_mode, @@enforce_gtid_consistency')).toBe('OFF\tOFF');
  } finally {
    await mysql.disarm(bench.context(1));
    await bench.close();
  }
});

describeReplica(() => openStreamedBench(mysql), mysql);
