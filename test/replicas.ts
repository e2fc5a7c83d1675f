import type { DatabaseService, Lab } from '#lab/lab.ts';
import { primaryOf, replicaOf } from '#lab/lab.ts';
import type { EngineName } from '#domain/states.ts';

/** Makes the lab's replica a faithful one again: restores of its primary have left it behind. */
export async function renewReplica(lab: Lab, engine: EngineName): Promise<void> {
  const run = async (service: DatabaseService, script: string, input?: string): Promise<string> => {
    const command = input === undefined ? ['sh', '-s'] : ['sh', '-c', script];
    const { exitCode, stdout, stderr } = await lab.exec(service, command, { input: input ?? script });
    if (exitCode !== 0) throw new Error(`the lab's ${service} cannot be renewed: ${stderr.slice(-2_000)}`);
    return stdout;
  };
  if (engine === 'postgresql') {
    await run('pg-primary', slot);
    await run('pg-replica', rebuild);
    return;
  }
  const [stop, reset] = begin[engine];
  await run(
    replicaOf(engine),
    `. /usr/local/lib/host-engine
service ${engine} start >/dev/null || true
set -e
${engine} -e '${stop}'
${engine} -Nse "${drops}" | ${engine}
${engine} -e '${reset}; set global read_only = 1'
point_at_primary`,
  );
  await run(replicaOf(engine), engine, await run(primaryOf(engine), dump[engine]));
  await run(replicaOf(engine), `${engine} -e "flush local privileges; ${engine === 'mysql' ? 'start replica' : 'start slave'}"`);
}

const slot = `cd / && runuser -u postgres -- psql -qXAt -v ON_ERROR_STOP=1 -c "select pg_create_physical_replication_slot('replica1') where not exists (select from pg_replication_slots where slot_name = 'replica1')"`;

const rebuild = `. /usr/local/lib/host-engine
pg_ctlcluster 17 main stop -m immediate || true
take_base_backup
pg_ctlcluster 17 main start`;

/** What its primary has no longer, a dump does not take away. */
const drops = `select concat('drop database ', char(96), schema_name, char(96), ';') from information_schema.schemata where schema_name not in ('mysql', 'sys', 'information_schema', 'performance_schema')`;

const begin = {
  mariadb: ['stop slave', 'reset slave all'],
  mysql: ['stop replica', 'reset replica all; reset binary logs and gtids'],
} as const;

/** Without what tells a replica where it stands, and which plugins it has loaded: both are its own. */
const dump = {
  mariadb: `mariadb-dump --all-databases --single-transaction --master-data=1 --gtid --ignore-table=mysql.gtid_slave_pos`,
  mysql: `mysqldump --all-databases --single-transaction --set-gtid-purged=ON --ignore-table=mysql.plugin --ignore-table=mysql.slave_master_info --ignore-table=mysql.slave_relay_log_info --ignore-table=mysql.slave_worker_info`,
} as const;
