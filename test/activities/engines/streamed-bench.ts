import type { Engine } from '#activities/engines/port.ts';
import { sh } from '#activities/hosts/script.ts';
import type { Host } from '#activities/hosts/port.ts';
import type { EngineBench } from '../../contracts/engine.ts';
import { resetPrimary } from '../../lab.ts';
import { openParts } from './bench-parts.ts';

/** A bench on the lab's MariaDB or MySQL primary, which has its data in /var/lib/mysql. */
export interface StreamedBench extends EngineBench {
  readonly host: Host;
  readonly databaseId: string;
  sql(text: string): Promise<string>;
}

export async function openStreamedBench(engine: Engine): Promise<StreamedBench> {
  const name = engine.name as 'mariadb' | 'mysql';
  await resetPrimary(name);
  const { host, store, databaseId, context, removeMatching } = await openParts(name, 3306);
  const sql = async (text: string): Promise<string> =>
    (await host.run(`HOME=/root ${name} -N -B <<'SQL'\n${text}\nSQL\n`, { timeoutMs: 300_000 })).trimEnd();
  await sql('drop database if exists shop; create database shop; create table shop.numbers (n int primary key)');
  return {
    engine,
    context,
    host,
    databaseId,
    sql,
    insert: async (...numbers) => void (await sql(numbers.map((n) => `insert into shop.numbers values (${n});`).join('\n'))),
    numbers: async () =>
      (await sql('select n from shop.numbers order by n'))
        .split('\n')
        .filter((line) => line !== '')
        .map(Number),
    // a table of its own, so that the numbers stay what the tests say
    closeLogs: async (count) =>
      void (await sql(
        `create table if not exists shop.ticks (t int auto_increment primary key);\n${'insert into shop.ticks values (); flush binary logs;\n'.repeat(count)}`,
      )),
    async spoil(generation, label) {
      const folder = `${databaseId}/g${generation}/backups/${label}/`;
      let volumes = 0;
      await removeMatching(folder, (object) => object.includes('/data.') && ++volumes > 0);
      if (volumes === 0) await removeMatching(folder, () => true);
    },
    removeLog: (generation, sequence) =>
      removeMatching(
        `${databaseId}/g${generation}/logs/`,
        (object) => object.includes(`/${String(sequence).padStart(8, '0')}-`) && object.endsWith('.zst'),
      ),
    loseResult: async () => undefined,
    breakRestored: async () => void (await host.run('truncate -s 1M /var/lib/mysql.tidemark-new/ibdata1')),
    async preventStart() {
      const options = '/etc/mysql/conf.d/zz-broken.cnf';
      await host.run(sh`printf '[mysqld]\nno_such_option\n' > ${options}`);
      return { mend: async () => void (await host.run(sh`rm ${options}; service ${name} start`)) };
    },
    async fixData() {
      await host.run('mv /var/lib/mysql /var/lib/mysql-real && ln -s mysql-real /var/lib/mysql');
      const undo = async (): Promise<void> => void (await host.run('rm /var/lib/mysql && mv /var/lib/mysql-real /var/lib/mysql'));
      return { why: '/var/lib/mysql is a symbolic link', undo };
    },
    async leftovers() {
      const output = await host.run(
        sh`find /var/lib /run /etc/mysql /var/lib/mysql /var/lib/mysql-files -maxdepth 3 -name '*tidemark*' 2>/dev/null || true
pgrep -af 'mariadb-backup|[t]idemark-new' | grep -v bash || true`,
      );
      return [...new Set(output.split('\n').filter((line) => line !== ''))];
    },
    async close() {
      await sql('drop database if exists shop');
      host.close();
      store.close();
    },
  };
}
