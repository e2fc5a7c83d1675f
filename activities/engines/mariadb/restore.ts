import { basename } from 'node:path/posix';
import { sh } from '#activities/hosts/script.ts';
import type { RestoreGrammar } from '../streamed/restore/grammar.ts';
import type { Layout } from '../streamed/restore/layout.ts';
import { NEXT_NUMBER, optionsOf } from '../streamed/restore/lineage.ts';

/** No server has written so many transactions since its last restore. */
const NEXT_SEQUENCE = 1_000_000_000_000n;

export const restore: RestoreGrammar = {
  // it ends early and well where it cannot create a file; what it left unread tells. With --parallel it may leave out that a file was renamed
  unpack: (directory) => sh`mbstream -x -C ${directory}
(( $(head -c 1 | wc -c) == 0 )) || { echo 'mbstream did not take everything' >&2; exit 1; }`,
  // no --apply-log-only in MariaDB; the directory of an incremental is used up
  prepare: (directory, incremental) => sh`log=$(mktemp)
trap 'trap "" TERM; rm -f "$log"' EXIT
mariadb-backup --prepare --target-dir=${directory} ${incremental === undefined ? [] : [`--incremental-dir=${incremental}`]} >"$log" 2>&1 || { code=$?; tail -n 5 "$log"; exit $code; }
tail -n 1 "$log" | grep -q 'completed OK!' || { tail -n 5 "$log"; echo 'mariadb-backup did not say that it completed'; exit 1; }
`,
  // parallel threads crash in compare_log_name on relay logs that nobody received
  privateOptions: (settings) => [
    ...optionsOf(settings),
    '--skip-slave-start',
    '--slave-parallel-threads=0',
    '--innodb-flush-log-at-trx-commit=0',
  ],
  resetSql: 'reset slave all',
  replaySql: ({
    start,
    end,
  }) => `change master to master_host = '127.0.0.1', master_user = 'x', master_password = 'x', master_use_gtid = no, relay_log_file = '${start.file}', relay_log_pos = ${start.position};
start slave sql_thread until relay_log_file = '${end.file}', relay_log_pos = ${end.position};`,
  binlogTool: 'mariadb-binlog',
  statusSql: 'show slave status',
  columns: { running: 'Slave_SQL_Running', error: 'Last_SQL_Errno', file: 'Relay_Log_File', position: 'Relay_Log_Pos' },
  newGeneration,
  afterStart: () => '',
  dataFiles: ['ib*', 'undo*', 'aria_log*', 'tc.log', 'ddl_*.log', '#*', '*.info', 'xtrabackup_*', 'mariadb_backup_*', 'backup-my.cnf'],
};

/**
 * GTIDs and file names beyond all that the old line can have used. The state is set before anything is logged, and the file gets its
 * number afterwards: RESET MASTER TO empties the state.
 */
function newGeneration(layout: Layout): string {
  const forget = `rm -rf -- "$fresh"/xtrabackup_* "$fresh"/mariadb_backup_* "$fresh"/backup-my.cnf "$fresh"/ib_buffer_pool "$fresh"/multi-master.info "$fresh"/aria_log_control.bak\n`;
  const { facts, logNumber } = layout;
  if (logNumber === 0) return `stop_private\n${forget}`;
  const base = basename(facts.logBasename ?? '');
  const name = `${base}.${String(logNumber + NEXT_NUMBER).padStart(6, '0')}`;
  return `${sh`stop_private
start_private --log-bin=${base} --log-bin-index=${`${base}.index`} --server-id=${facts.serverId} --gtid-domain-id=${facts.gtidDomain}
sql ${`reset master; set global gtid_slave_pos = ''; set global gtid_binlog_state = '${nextState(facts)}'`}
stop_private
mv -T -- "$fresh"/${`${base}.000001`} "$fresh"/${name}
rm -f -- "$fresh"/${base}.*.idx
echo ${`./${name}`} > "$fresh"/${`${base}.index`}
chown "$owner:$group" "$fresh"/${`${base}.index`}
`}${forget}`;
}

function nextState({ gtidState, gtidDomain, serverId }: Layout['facts']): string {
  const newest = new Map<string, bigint>([[String(gtidDomain), 0n]]);
  for (const gtid of gtidState.split(',').filter((text) => text !== '')) {
    const [domain = '', , sequence = '0'] = gtid.trim().split('-');
    const before = newest.get(domain) ?? 0n;
    newest.set(domain, BigInt(sequence) > before ? BigInt(sequence) : before);
  }
  return [...newest].map(([domain, sequence]) => `${domain}-${serverId}-${sequence + NEXT_SEQUENCE}`).join(',');
}
