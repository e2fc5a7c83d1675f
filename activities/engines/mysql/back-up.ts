import { raw, sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import { FIRST_EVENT } from '../binlog/grammar.ts';
import type { BackupGrammar, BackupPlace, Told } from '../streamed/backup-grammar.ts';
import { compressor, readCounts, reportMark } from '../streamed/backup-grammar.ts';
import { clientCommand } from '../streamed/server.ts';
import { server as grammar } from './server.ts';

const NO_ROOM = 28;

/** CLONE carries InnoDB alone: other tables would come back empty. A key of an encrypted table is not in the clone. */
export const backup: BackupGrammar = {
  incrementalsHold: 'logs',
  unsupportedSql: `select concat(table_schema, '.', table_name), concat('(engine ', engine, ', which CLONE does not copy)') from information_schema.tables
  where table_type = 'BASE TABLE' and engine <> 'InnoDB' and table_schema not in ('mysql', 'sys', 'information_schema', 'performance_schema')
union all select name, '(encrypted: its key is not in a backup)' from information_schema.innodb_tablespaces where encryption = 'Y';`,
  sweep,
  script,
  readReport,
};

/** CLONE goes on when its client is gone, so it is ended where it runs. A server that does not answer clones nothing. */
function sweep({ server, facts }: Pick<BackupPlace, 'server' | 'facts'>, databaseId: string): string {
  return sh`base=${baseOf(facts, databaseId)}
sql() { ${raw(clientCommand({ server: grammar }, server.socket))} -e "$1"; }
end_clones() {
  local try ids id
  for try in $(seq 150); do
    ids=$(sql "select id from performance_schema.processlist where info like 'clone local data directory = ''$base%'" 2>/dev/null) || return 0
    [ -n "$ids" ] || return 0
    for id in $ids; do sql "kill $id" 2>/dev/null || true; done
    sleep 0.2
  done
  echo "CLONE cannot be ended: $ids" >&2
  return 1
}
end_clones
rm -rf -- "$base"-*
`;
}

function placeOf({ secureFileDirectory }: BackupPlace['facts']): string {
  return (secureFileDirectory === null || secureFileDirectory === '' ? defaultPlace : secureFileDirectory).replace(/\/$/, '');
}

function baseOf(facts: BackupPlace['facts'], databaseId: string): string {
  return `${placeOf(facts)}/tidemark-${databaseId}`;
}

/** The only place besides its data directory where Debian's AppArmor profile lets the server write. */
const defaultPlace = '/var/lib/mysql-files';

/**
 * The binary log that is written before CLONE begins is the lower bound of a replay: with GTIDs whatever is in the copy already is
 * skipped. The copy lies on the host only until it has been streamed. Runs after `sweep`.
 */
function script({ databaseId, backupId, server, facts }: BackupPlace): string {
  const place = placeOf(facts);
  return sh`copy=${`${baseOf(facts, databaseId)}-${backupId}`}
clean_up() { end_clones; rm -rf -- "$copy"; }
[ -d ${place} ] || install -d -m 0750 -o ${server.owner} -g ${server.group} ${place}
free=$(df -B1 --output=avail -- ${place} | tail -n 1)
needed=${Math.ceil(facts.sizeBytes * 1.2)}
[ "$free" -ge "$needed" ] || { echo "No space left on device: CLONE needs $needed bytes in "${place}", and $free are free" >&2; exit ${NO_ROOM}; }
[ "$(sql "select count(*) from information_schema.plugins where plugin_name = 'clone' and plugin_status = 'ACTIVE'")" = 1 ] || sql "install plugin clone soname 'mysql_clone.so'"
log=$(sql 'show binary log status' | cut -f 1)
sql "clone local data directory = '$copy'"
ended=$(date +%s%3N)
[ -f "$copy"/ibdata1 ] || [ -d "$copy"/mysql ] || [ -f "$copy"/mysql.ibd ] || { echo 'CLONE left no data' >&2; exit 1; }
{ said=$({ tar -C "$copy" -cf - . | ${raw(compressor)} >&3; } 2>&1); } 3>&1 || { tail -n 3 <<<"$said" >&2; exit 1; }
{
  echo ${raw(reportMark)}
  echo "ended = $ended"
  echo "$said"
  echo "log = $log"
} >&2
`;
}

function readReport(report: string): Told {
  const text = (name: string): string | undefined => new RegExp(`^${name} = (\\S+)$`, 'm').exec(report)?.[1];
  const [ended, file] = [text('ended'), text('log')];
  if (ended === undefined) throw new TidemarkError('backup-not-proven', `the copy was streamed, but its report is not whole: ${report}`);
  return {
    ...readCounts(report),
    position: file === undefined ? null : { file, position: FIRST_EVENT },
    consistentAt: Number(ended),
    pages: null,
    gtid: undefined,
  };
}
