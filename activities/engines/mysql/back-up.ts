import { raw, sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { BackupGrammar, BackupPlace, ToolReport } from '../streamed/backup-grammar.ts';
import { reportMark } from '../streamed/backup-grammar.ts';
import { clientCommand } from '../streamed/server.ts';
import { server as grammar } from './server.ts';

const NO_ROOM = 28;

/** CLONE carries InnoDB alone: other tables would come back empty. A key of an encrypted table is not in the clone. */
export const backup: BackupGrammar = {
  incrementalsHold: 'logs',
  unsupportedSql: `select concat(table_schema, '.', table_name), concat('(engine ', engine, ', which CLONE does not copy)') from information_schema.tables
  where table_type = 'BASE TABLE' and engine <> 'InnoDB' and table_schema not in ('mysql', 'sys', 'information_schema', 'performance_schema')
union all select name, '(encrypted: its key is not in a backup)' from information_schema.innodb_tablespaces where encryption = 'Y';`,
  script,
  readReport,
};

/** The only place besides its data directory where Debian's AppArmor profile lets the server write. */
const defaultPlace = '/var/lib/mysql-files';

/**
 * The binary log that is written before CLONE begins is the lower bound of a replay: with GTIDs whatever is in the copy already is
 * skipped. The copy lies on the host only until it has been streamed.
 */
function script({ directory, server, facts }: BackupPlace): string {
  const place = facts.secureFileDirectory === null || facts.secureFileDirectory === '' ? defaultPlace : facts.secureFileDirectory;
  const [scope = '', id = ''] = directory.split('/').slice(-2);
  const base = `${place.replace(/\/$/, '')}/${scope}`;
  return sh`base=${base} copy=${`${base}-${id}`}
sql() { ${raw(clientCommand({ server: grammar }, server.socket))} -e "$1"; }
clean_up() { rm -rf -- "$copy"; }
[ -d ${place} ] || install -d -m 0750 -o ${server.owner} -g ${server.group} ${place}
rm -rf -- "$base"-*
free=$(df -B1 --output=avail -- ${place} | tail -n 1)
needed=${Math.ceil(facts.sizeBytes * 1.2)}
[ "$free" -ge "$needed" ] || { echo "No space left on device: CLONE needs $needed bytes in "${place}", and $free are free" >&2; exit ${NO_ROOM}; }
[ "$(sql "select count(*) from information_schema.plugins where plugin_name = 'clone' and plugin_status = 'ACTIVE'")" = 1 ] || sql "install plugin clone soname 'mysql_clone.so'"
log=$(sql 'show binary log status' | cut -f 1)
sql "clone local data directory = '$copy'"
ended=$(date +%s%3N)
[ -f "$copy"/ibdata1 ] || [ -d "$copy"/mysql ] || [ -f "$copy"/mysql.ibd ] || { echo 'CLONE left no data' >&2; exit 1; }
size=$(du -sb -- "$copy" | cut -f 1)
tar -C "$copy" -cf - . | zstd -q -T0 -3 -c
{
  echo ${raw(reportMark)}
  echo "ended = $ended"
  echo "size = $size"
  echo "log = $log"
} >&2
`;
}

function readReport(report: string): ToolReport {
  const text = (name: string): string | undefined => new RegExp(`^${name} = (\\S+)$`, 'm').exec(report)?.[1];
  const [ended, size, file] = [text('ended'), text('size'), text('log')];
  if (ended === undefined || size === undefined)
    throw new TidemarkError('backup-not-proven', `the copy was streamed, but its report is not whole: ${report}`);
  return {
    unpackedBytes: Number(size),
    position: file === undefined ? null : { file, position: FIRST_EVENT },
    consistentAt: Number(ended),
    pages: null,
  };
}

const FIRST_EVENT = 4;
