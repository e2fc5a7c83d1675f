import { randomBytes, randomUUID } from 'node:crypto';
import type { Engine, EngineContext } from '#activities/engines/port.ts';
import { sh } from '#activities/hosts/script.ts';
import { connectHost } from '#activities/hosts/ssh.ts';
import type { Host } from '#activities/hosts/port.ts';
import { createNetworkGuard } from '#activities/stores/networks.ts';
import { openStore } from '#activities/stores/s3.ts';
import { primaryOf } from '#lab/lab.ts';
import type { EngineBench } from '../../contracts/engine.ts';
import { createBucket, labHost, resetPrimary } from '../../lab.ts';

/** A bench on the lab's MariaDB or MySQL primary, which has its data in /var/lib/mysql. */
export interface StreamedBench extends EngineBench {
  readonly host: Host;
  readonly databaseId: string;
  sql(text: string): Promise<string>;
}

export async function openStreamedBench(engine: Engine): Promise<StreamedBench> {
  const name = engine.name as 'mariadb' | 'mysql';
  await resetPrimary(name);
  const { lab, bucket } = await createBucket(`engine-${name}`);
  const host = await connectHost(await labHost(primaryOf(name)));
  const { endpoint, region, caPem, rootAccessKey: accessKey, rootSecretKey: secretKey } = lab.s3;
  const address = { endpoint, region, bucket, prefix: 'some/prefix', accessKey, secretKey, caPem };
  const store = openStore(address, { guard: createNetworkGuard({ allowed: [] }) });
  const [databaseId, key] = [randomUUID(), randomBytes(32)];
  const context = (generation: number): EngineContext => ({
    host,
    database: { id: databaseId, name: 'orders', port: 3306 },
    repository: { store, address, generation, key },
    report: () => undefined,
  });
  const sql = async (text: string): Promise<string> =>
    (await host.run(`HOME=/root ${name} -N -B <<'SQL'\n${text}\nSQL\n`, { timeoutMs: 300_000 })).trimEnd();
  const removeMatching = async (folder: string, matches: (key: string) => boolean): Promise<void> => {
    for await (const object of store.list(folder)) if (matches(object.key)) await store.delete(object.key);
  };
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
    breakRestored: async () => void (await host.run('truncate -s 1M /var/lib/mysql.tidemark-new/ibdata1')),
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
