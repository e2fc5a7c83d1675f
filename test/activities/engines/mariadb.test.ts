import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mariadb } from '#activities/engines/mariadb/index.ts';
import { restore } from '#activities/engines/mariadb/restore.ts';
import { describeEngine } from '../../contracts/engine.ts';
import { describeReplica } from './replica-stories.ts';
import { openStreamedBench } from './streamed-bench.ts';
import { describeMishaps } from './streamed-mishaps.ts';
import { describeStreamed, type StreamedWords } from './streamed-stories.ts';

describe('the contract', () => describeEngine(() => openStreamedBench(mariadb)));

const words: StreamedWords = {
  reset: 'reset master',
  replica: 'mariadb-replica',
  replicaStatus: 'show replica status',
  positionSql: 'select @@gtid_binlog_pos',
  follow: (position) =>
    `stop slave; reset slave; set global gtid_slave_pos = '${position}'; drop database if exists shop; create database shop; create table shop.numbers (n int primary key); create table shop.ticks (t int auto_increment primary key); start slave;`,
  tools: ['[m]ariadb-backup.--backup'],
  unpacks: 'mbstream',
  rootsPassword: (password) => `identified via mysql_native_password using password('${password}')`,
  rootsSocket: `identified via mysql_native_password using 'invalid' or unix_socket`,
};

describe('a stream of its own', () => describeStreamed(mariadb, words));
describe('mishaps', () => describeMishaps(mariadb, words));

it('turns binary logging on where it is off, with one restart, and leaves it to the administrator at the end', async () => {
  const bench = await openStreamedBench(mariadb);
  const off = '/etc/mysql/mariadb.conf.d/zz-admin-off.cnf';
  try {
    await bench.host.run(
      `sed 's/^log_bin.*//' /etc/mysql/mariadb.conf.d/zz-admin.cnf > ${off}; mv /etc/mysql/mariadb.conf.d/zz-admin.cnf /root/; service mariadb restart`,
    );
    expect(await bench.sql('select @@log_bin')).toBe('0');
    await mariadb.prepare(bench.context(1));
    const plain = await mariadb.backUp(bench.context(1), { backupId: randomUUID(), kind: 'full', parentLabel: undefined });
    expect([plain.firstLog, plain.lastLog]).toEqual([undefined, undefined]);
    const started = await bench.sql(`select variable_value from information_schema.global_status where variable_name = 'Uptime'`);
    await mariadb.arm(bench.context(1));
    expect(
      Number(await bench.sql(`select variable_value from information_schema.global_status where variable_name = 'Uptime'`)),
    ).toBeLessThanOrEqual(Number(started) + 5);
    expect(await bench.sql('select @@log_bin, @@binlog_format')).toBe('1\tROW');
    await mariadb.arm(bench.context(1));
    expect(await bench.sql('select @@log_bin')).toBe('1');
    await mariadb.disarm(bench.context(1));
    await bench.host.run('service mariadb restart');
    expect(await bench.sql('select @@log_bin')).toBe('0');
  } finally {
    await bench.host.run(
      `rm -f ${off}; [ ! -f /root/zz-admin.cnf ] || mv /root/zz-admin.cnf /etc/mysql/mariadb.conf.d/; service mariadb restart`,
    );
    await bench.close();
  }
});

it('takes a full instead of an incremental where the data was put back to an earlier state, or built anew', async () => {
  const bench = await openStreamedBench(mariadb);
  const backUp = (kind: 'full' | 'incremental', parentLabel?: string) =>
    mariadb.backUp(bench.context(1), { backupId: randomUUID(), kind, parentLabel });
  try {
    await mariadb.prepare(bench.context(1));
    const full = await backUp('full');
    const first = await backUp('incremental', full.label);
    await bench.host.run('service mariadb stop; cp -a /var/lib/mysql /var/lib/mysql-snapshot; service mariadb start');
    await bench.insert(1);
    const second = await backUp('incremental', first.label);
    expect([first.kind, second.kind]).toEqual(['incremental', 'incremental']);
    await bench.host.run('service mariadb stop; rm -r /var/lib/mysql; mv /var/lib/mysql-snapshot /var/lib/mysql; service mariadb start');
    // beyond the sequence number with which the lost line ended
    await bench.sql(`create table shop.filler (t longtext); insert into shop.filler values (repeat('x', 4000000))`);
    const third = await backUp('incremental', second.label);
    expect([third.kind, third.fallbackReason]).toEqual(['full', expect.stringContaining('put back or built anew') as string]);
    await bench.host.run('rm /var/lib/mysql/.tidemark-ancestry');
    const fourth = await backUp('incremental', third.label);
    expect([fourth.kind, fourth.fallbackReason]).toEqual(['full', expect.stringContaining('nothing in /var/lib/mysql tells') as string]);
    await mariadb.disarm(bench.context(1));
    expect(await bench.leftovers()).toEqual([]);
  } finally {
    await bench.close();
  }
});

it('does not take an unpacking for whole in which a file could not be made', async () => {
  const bench = await openStreamedBench(mariadb);
  const folder = '/var/lib/unpacking';
  const unpack = (directory: string) => bench.host.tryRun(`{\n${restore.unpack(directory)}\n} < ${folder}/stream`);
  try {
    await mariadb.prepare(bench.context(1));
    await bench.host.run(
      `rm -rf ${folder}; mkdir -p ${folder}/whole ${folder}/taken/second; cd ${folder}; echo 1 | tee first >second; mbstream -c first second >stream`,
    );
    expect(await unpack(`${folder}/whole`)).toMatchObject({ exitCode: 0 });
    const spoilt = await unpack(`${folder}/taken`);
    expect(spoilt).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('mbstream did not take everything') as string });
    expect(spoilt.stderr).toContain('File exists');
  } finally {
    await bench.host.run(`rm -rf ${folder}`);
    await bench.close();
  }
});

describeReplica(() => openStreamedBench(mariadb), mariadb);
