import { raw, sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { BackupGrammar, BackupPlace, Told } from '../streamed/backup-grammar.ts';
import { compressor, readCounts, reportMark } from '../streamed/backup-grammar.ts';

/** Engines whose files mariadb-backup copies, or that hold nothing that outlives a restart. */
const carried = ['InnoDB', 'Aria', 'MyISAM', 'CSV', 'ARCHIVE', 'MRG_MyISAM', 'MEMORY', 'BLACKHOLE', 'PERFORMANCE_SCHEMA', 'SEQUENCE'];

export const backup: BackupGrammar = {
  incrementalsHold: 'pages',
  unsupportedSql: `select concat(table_schema, '.', table_name), concat('(engine ', engine, ', which mariadb-backup does not copy)') from information_schema.tables
  where table_type = 'BASE TABLE' and engine not in (${carried.map((name) => `'${name}'`).join(', ')})
union all select name, '(encrypted: its key is not in a backup)' from information_schema.innodb_tablespaces_encryption where encryption_scheme <> 0;`,
  sweep: (_place, databaseId) => sh`rm -rf -- ${directoryOf(databaseId)}
`,
  script,
  readReport,
};

function directoryOf(databaseId: string): string {
  return `/run/tidemark-${databaseId}`;
}

/** The metadata's files are called xtrabackup_… in older series. */
function script({ databaseId, backupId, server, parent, isReplica }: BackupPlace): string {
  const options = [...(parent?.pages == null ? [] : [`--incremental-lsn=${parent.pages.to}`]), ...(isReplica ? ['--slave-info'] : [])];
  return sh`run=${`${directoryOf(databaseId)}/${backupId}`}
clean_up() { rm -rf -- "$run"; rmdir -- "$(dirname "$run")" 2>/dev/null || true; }
mkdir -p -m 0700 -- "$run"/target "$run"/lsn
export HOME=/root
ulimit -n "$(ulimit -Hn)" # it keeps every table's file open
mariadb-backup --backup --stream=mbstream --parallel=2 --user=root --socket=${server.socket} --datadir=${server.dataDirectory} \
  --target-dir="$run"/target --extra-lsndir="$run"/lsn ${options} 2>"$run"/log </dev/null \
  | ${raw(compressor)} 2>"$run"/zstd || { { grep -iE 'error|fatal|denied' "$run"/log || true; } | tail -n 5 >&2; tail -n 3 "$run"/log >&2; cat "$run"/zstd >&2; exit 1; }
tail -n 1 "$run"/log | grep -q 'completed OK!' || { echo 'mariadb-backup did not say that it completed' >&2; tail -n 3 "$run"/log >&2; exit 1; }
{
  echo ${raw(reportMark)}
  echo "ended = $(date +%s%3N)"
  cat "$run"/zstd
  cat "$run"/lsn/*_checkpoints "$run"/lsn/*_info
  grep "gtid_slave_pos '" "$run"/log || true
} >&2
`;
}

function readReport(report: string, { parent, isReplica }: BackupPlace): Told {
  const number = (pattern: RegExp): number => {
    const found = pattern.exec(report)?.[1];
    if (found === undefined) throw new TidemarkError('backup-not-proven', `mariadb-backup's own report lacks ${pattern.source}`);
    return Number(found);
  };
  const pages = { from: number(/^from_lsn = (\d+)$/m), to: number(/^to_lsn = (\d+)$/m) };
  const base = parent?.pages?.to ?? 0;
  if (pages.from !== base || pages.to < pages.from)
    throw new TidemarkError(
      'backup-not-proven',
      `mariadb-backup took the pages from ${pages.from} to ${pages.to}, and was asked for those from ${base} on`,
    );
  const [, file, position] = /^binlog_pos = filename '([^']+)', position '(\d+)'/m.exec(report) ?? [];
  return {
    ...readCounts(report),
    // a replica's own logs lead nowhere
    position: file === undefined || isReplica ? null : { file, position: Number(position) },
    consistentAt: number(/^ended = (\d+)$/m),
    pages,
    gtid: /gtid_slave_pos '([^']*)'/.exec(report)?.[1],
  };
}
