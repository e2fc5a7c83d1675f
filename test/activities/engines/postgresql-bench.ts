import { postgresql } from '#activities/engines/postgresql/index.ts';
import { findRunningServer, runSql } from '#activities/engines/postgresql/server.ts';
import { sh } from '#activities/hosts/script.ts';
import type { EngineBench } from '../../contracts/engine.ts';
import { openParts } from './bench-parts.ts';

/** The lab's primary, or another instance on the same host. */
export async function openBench({ port }: { port: number }): Promise<EngineBench> {
  const { host, store, databaseId, context, removeMatching } = await openParts('postgresql', port);
  const sql = async (text: string): Promise<string> => runSql(host, await findRunningServer(context(1)), text);
  await sql('drop table if exists numbers; create table numbers (n int primary key)');
  return {
    engine: postgresql,
    context,
    insert: async (...numbers) => void (await sql(numbers.map((n) => `insert into numbers values (${n});`).join('\n'))),
    numbers: async () =>
      (await sql('select n from numbers order by n'))
        .split('\n')
        .filter((line) => line !== '')
        .map(Number),
    closeLogs: async (count) =>
      void (await sql('select pg_current_xact_id() is not null; select pg_switch_wal() is not null;\n'.repeat(count))),
    spoil: (generation, label) =>
      removeMatching(
        `${databaseId}/g${generation}/pgbackrest/backup/db/${label}/`,
        (name) => name.includes('/bundle/') || name.includes('/pg_data/'),
      ),
    async removeLog(generation, sequence) {
      const suffix = (sequence % 256).toString(16).toUpperCase().padStart(2, '0');
      await removeMatching(`${databaseId}/g${generation}/pgbackrest/archive/db/`, (name) =>
        new RegExp(`/[0-9A-F]{22}${suffix}-`).test(name),
      );
    },
    async loseResult(backupId) {
      const job = `/run/tidemark/${databaseId}/backup-${backupId}`;
      await host.run(sh`install -d -m 0700 ${job}; echo 'exited 0' > ${job}/exit; touch ${job}/log`);
    },
    breakRestored: async () =>
      void (await host.run(`sed -i '1i no_such_setting = on' /var/lib/postgresql/17/main.tidemark-new/postgresql.auto.conf`)),
    async preventStart() {
      const settings = '/etc/postgresql/17/main/postgresql.conf';
      await host.run(sh`echo 'no_such_setting = on' >> ${settings}`);
      return { mend: async () => void (await host.run(sh`sed -i '$d' ${settings}; service postgresql start`)) };
    },
    async fixData() {
      await host.run('chown postgres /srv/small');
      await sql(`create tablespace fixed location '/srv/small'`);
      return { why: '/srv/small is a mount point of its own', undo: async () => void (await sql('drop tablespace fixed')) };
    },
    async leftovers() {
      const output =
        await host.run(sh`find /var/lib/tidemark /run/tidemark /var/lib/postgresql/17 -maxdepth 1 -name '*tidemark*' 2>/dev/null || true
pgrep -af 'pgbackrest|tidemark' | grep -v 'bash' || true`);
      return output.split('\n').filter((line) => line !== '');
    },
    async close() {
      await sql('drop table if exists numbers');
      host.close();
      store.close();
    },
  };
}
