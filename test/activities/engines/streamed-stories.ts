import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Engine } from '#activities/engines/port.ts';
import { raw, sh } from '#activities/hosts/script.ts';
import { connectHost } from '#activities/hosts/ssh.ts';
import { labHost } from '../../lab.ts';
import { quoted, useStory } from './streamed-story.ts';

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
  /** The command that a restore unpacks with. */
  readonly unpacks: string;
  /** How root logs in, for ALTER USER. */
  readonly rootsPassword: (password: string) => string;
  readonly rootsSocket: string;
}

const NAMES = ['with space', "it's", 'back`tick', 'ünï–日本', 'semi;colon', 'per%cent'];

/** What the engines whose backups stream must do beside the contract of every engine. */
export function describeStreamed(engine: Engine, words: StreamedWords): void {
  const story = useStory(engine, NAMES);
  const { context, backUp, requestFor, restore, recoverTwice, quietSecond } = story;

  it('carries names of all kinds, empty databases, tables made and changed during the backup, through a chain of three incrementals', async () => {
    for (const name of NAMES) {
      await story.bench.sql(
        `create database ${quoted(name)}; create table ${quoted(name)}.${quoted(name)} (id int primary key, ${quoted(`c ${name}`)} text)`,
      );
      await story.bench.sql(`insert into ${quoted(name)}.${quoted(name)} values (1, '日本 ''x''')`);
    }
    await story.bench.sql('create database if not exists nothing_in_it');
    await story.bench
      .sql(`create table shop.ballast (id int auto_increment primary key, t varchar(1000)); insert into shop.ballast (t) values (repeat(sha2(rand(), 256), 15));
${'insert into shop.ballast (t) select repeat(sha2(rand(), 256), 15) from shop.ballast;\n'.repeat(14)}`);
    let changing = true;
    const changes = (async () => {
      for (let number = 0; changing; number++) {
        await story.bench.sql(
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
      story.bench.sql(`${NAMES.map((name) => `select * from ${quoted(name)}.${quoted(name)};`).join('\n')}
checksum table shop.ballast; select * from shop.numbers order by n; show tables from shop; show databases`);
    const before = await state();
    await story.bench.sql("insert into shop.numbers values (2000); drop table shop.ballast; drop database `it's`");
    await engine.flushLogs(context());
    await restore(
      requestFor(
        chain.map(({ label }) => label),
        second,
      ),
    );
    expect(await state()).toBe(before);
    await story.bench.sql('drop database nothing_in_it; drop table shop.ballast');
  });

  it('needs no pipe, and is not led astray by a session that has set its time into the future or the past', async () => {
    await story.bench.sql('truncate shop.numbers');
    const base = await backUp();
    await story.bench.sql(
      `insert into shop.numbers values (1); set timestamp = unix_timestamp() + 86400; insert into shop.numbers values (2); set timestamp = default; insert into shop.numbers values (3)`,
    );
    await story.bench.sql(`set timestamp = unix_timestamp() - 86400; insert into shop.numbers values (4); set timestamp = default`);
    await sleep(1_500);
    await story.bench.sql('insert into shop.numbers values (5)');
    const second = await quietSecond();
    await story.bench.sql('insert into shop.numbers values (6)');
    await engine.flushLogs(context());
    const request = requestFor([base.label], second);
    const { host } = story.bench;
    const tool = (await host.run('command -v mariadb-binlog || command -v mysqlbinlog')).trim();
    await restore(request, async () => {
      await host.run(sh`mv ${tool} ${`${tool}.away`}`);
      try {
        await recoverTwice(request);
      } finally {
        await host.run(sh`mv ${`${tool}.away`} ${tool}`);
      }
    });
    expect(await story.bench.numbers()).toEqual([1, 2, 3, 4, 5]);
  });

  it('pipes the logs in where the server does not replay them as its relay logs, into a directory that is built anew', async () => {
    await story.bench.sql('truncate shop.numbers');
    const base = await backUp();
    await story.bench.sql(
      `create table shop.piped (t blob); insert into shop.piped values (x'00ff5c270a0d'); insert into shop.numbers values (1); flush binary logs; insert into shop.numbers values (2)`,
    );
    const second = await quietSecond();
    await story.bench.sql('insert into shop.numbers values (3); drop table shop.piped');
    await engine.flushLogs(context());
    const request = requestFor([base.label], second);
    const plan = `/var/lib/tidemark/${story.bench.databaseId}/restore-${request.restoreId}.json`;
    const odd = '/usr/local/bin/odd-server';
    await restore(request, async () => {
      // a server to which the last log is nothing
      await story.bench.host.run(sh`daemon=$(sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' ${plan})
cat >${odd} <<END
#!/bin/bash
case "\$*" in *--relay-log=*)
  last=\$(ls /var/lib/mysql.tidemark-new-logs/relay.0* | tail -n 1)
  printf odd | dd of="\$last" conv=notrunc status=none
  echo "\$last" >>${`${odd}.spoiled`} ;;
esac
exec $daemon "\$@"
END
chmod 0755 ${odd}
install -m 0666 /dev/null ${`${odd}.spoiled`}
cp ${plan} ${`${plan}.kept`}
sed -i "s|\"executable\":\"$daemon\"|\"executable\":\"${raw(odd)}\"|" ${plan}
`);
      try {
        await engine.restore.recover(context(), request);
      } finally {
        await story.bench.host.run(sh`mv ${`${plan}.kept`} ${plan}`);
      }
    });
    expect(await story.bench.host.run(sh`wc -l < ${`${odd}.spoiled`}; rm ${odd} ${`${odd}.spoiled`}`)).toBe('1\n');
    expect(await story.bench.numbers()).toEqual([1, 2]);
    expect(await story.bench.sql('select hex(t) from shop.piped; drop table shop.piped')).toBe('00FF5C270A0D');
  });

  it('leaves events that the logs create enabled', async () => {
    await story.bench.sql('truncate shop.numbers; drop event if exists shop.nightly');
    const base = await backUp();
    await story.bench.sql(
      `create event shop.nightly on schedule every 1 day starts '2099-01-01' do insert into shop.numbers values (99); insert into shop.numbers values (1)`,
    );
    const second = await quietSecond();
    await story.bench.sql('drop event shop.nightly');
    await engine.flushLogs(context());
    await restore(requestFor([base.label], second));
    expect(await story.bench.numbers()).toEqual([1]);
    expect(
      await story.bench.sql(`select status from information_schema.events where event_name = 'nightly'; drop event shop.nightly`),
    ).toBe('ENABLED');
  });

  it('gives the restored primary a line of its own: a replica of the old one stops', async () => {
    const replica = await connectHost(await labHost(words.replica));
    const onReplica = (sql: string): Promise<string> => replica.run(`${engine.name} -E <<'SQL'\n${sql}\nSQL\n`);
    await onReplica(words.follow(await story.bench.sql(words.positionSql)));
    await story.bench.sql('truncate shop.numbers; insert into shop.numbers values (1)');
    const base = await backUp();
    const followed = async (number: number): Promise<boolean> =>
      (await onReplica('select n from shop.numbers').catch(() => '')).includes(`n: ${number}`);
    await expect.poll(() => followed(1), { timeout: 60_000, interval: 200 }).toBe(true);
    await restore(requestFor([base.label]));
    await story.bench.insert(7);
    const status = async (): Promise<string> => onReplica(words.replicaStatus);
    // one that found the primary away tries again after a minute
    await expect.poll(status, { timeout: 150_000, interval: 500 }).toMatch(/Last_IO_Errno: (1236|13114)/);
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
