import { basename } from 'node:path/posix';
import { sh } from '#activities/hosts/script.ts';
import type { RestoreGrammar } from '../streamed/restore/grammar.ts';
import type { Layout } from '../streamed/restore/layout.ts';
import { NEXT_NUMBER, optionsOf } from '../streamed/restore/lineage.ts';

export const restore: RestoreGrammar = {
  // by its default it reads and writes 10 kB at a time, and takes a tenth of the whole restore longer
  unpack: (directory) => sh`tar -x -C ${directory} --blocking-factor=512 --same-owner -f -`,
  prepare: () => '',
  privateOptions: (settings) => [
    ...optionsOf(settings),
    '--skip-replica-start',
    '--mysqlx=OFF',
    '--gtid-mode=ON',
    '--enforce-gtid-consistency=ON',
    '--plugin-load-add=mysql_clone.so',
    // nobody sees in which order it commits; what depends on another transaction waits for it all the same
    '--replica-parallel-workers=4',
    '--replica-preserve-commit-order=OFF',
    // they may wait for each other's gap locks, which one worker does not
    '--replica-transaction-retries=100',
    '--innodb-flush-log-at-trx-commit=0',
    '--loose-innodb-log-writer-threads=OFF',
    '--loose-performance-schema=OFF',
  ],
  // a clone of a replica carries its channel: the restored primary would follow itself
  resetSql: 'reset replica all',
  replaySql: ({
    start,
    end,
  }) => `change replication source to source_host = '127.0.0.1', source_user = 'x', source_auto_position = 0, relay_log_file = '${start.file}', relay_log_pos = ${start.position};
start replica sql_thread until relay_log_file = '${end.file}', relay_log_pos = ${end.position};`,
  binlogTool: 'mysqlbinlog',
  statusSql: 'show replica status',
  columns: { running: 'Replica_SQL_Running', error: 'Last_SQL_Errno', file: 'Relay_Log_File', position: 'Relay_Log_Pos' },
  newGeneration,
  afterStart: (layout) =>
    layout.logNumber === 0
      ? ''
      : sh`[ -s ${`${layout.server.dataDirectory}/${placeholder(layout)}`} ] || rm -f -- ${`${layout.server.dataDirectory}/${placeholder(layout)}`}\n`,
  dataFiles: ['ib*', 'undo*', '*.ibd', '*.ibu', '#*', 'auto.cnf', '*.info'],
};

/**
 * A transaction that only the new line has (a replica of the old one asks for it in vain, and stops), a new server UUID, and log
 * names beyond the old ones: an empty file that is in no index moves the numbering.
 */
function newGeneration(layout: Layout): string {
  const number =
    layout.logNumber === 0
      ? ''
      : sh`: > "$fresh"/${placeholder(layout)}
chown "$owner:$group" "$fresh"/${placeholder(layout)}
`;
  return (
    sh`sql ${`set global gtid_purged = '+${layout.lineage}:1'`}
stop_private
rm -f -- "$fresh"/auto.cnf
` + number
  );
}

function placeholder({ facts, logNumber }: Layout): string {
  return `${basename(facts.logBasename ?? '')}.${String(logNumber + NEXT_NUMBER).padStart(6, '0')}`;
}
