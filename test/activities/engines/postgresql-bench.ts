import { randomBytes, randomUUID } from 'node:crypto';
import { postgresql } from '#activities/engines/postgresql/index.ts';
import { findRunningServer, runSql } from '#activities/engines/postgresql/server.ts';
import type { EngineContext } from '#activities/engines/port.ts';
import { sh } from '#activities/hosts/script.ts';
import { connectHost } from '#activities/hosts/ssh.ts';
import { createNetworkGuard } from '#activities/stores/networks.ts';
import { openStore } from '#activities/stores/s3.ts';
import type { EngineBench } from '../../contracts/engine.ts';
import { createBucket, labHost } from '../../lab.ts';

/** The lab's primary, or another instance on the same host. */
export async function openBench({ port }: { port: number }): Promise<EngineBench> {
  const { lab, bucket } = await createBucket('engine');
  const host = await connectHost(await labHost('pg-primary'));
  const { endpoint, region, caPem, rootAccessKey: accessKey, rootSecretKey: secretKey } = lab.s3;
  const address = { endpoint, region, bucket, prefix: 'some/prefix', accessKey, secretKey, caPem };
  const store = openStore(address, { guard: createNetworkGuard({ allowed: [] }) });
  const [databaseId, key] = [randomUUID(), randomBytes(32)];
  const context = (generation: number): EngineContext => ({
    host,
    database: { id: databaseId, name: 'orders', port },
    repository: { store, address, generation, key },
    report: () => undefined,
  });
  const sql = async (text: string): Promise<string> => runSql(host, await findRunningServer(context(1)), text);
  const removeMatching = async (folder: string, matches: (key: string) => boolean): Promise<void> => {
    for await (const object of store.list(folder)) if (matches(object.key)) await store.delete(object.key);
  };
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
    breakRestored: async () =>
      void (await host.run(`echo 'no_such_setting = on' >> /var/lib/postgresql/17/main.tidemark-new/postgresql.auto.conf`)),
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
