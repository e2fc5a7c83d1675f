import { raw, sh } from '#activities/hosts/script.ts';
import { numberOf } from '../../binlog/next-files.ts';
import type { ReplayPlan } from '../../binlog/replay-plan.ts';
import type { EngineContext } from '../../port.ts';
import { freshOf, privateDirectory } from '../../restore/places.ts';
import type { Dialect } from '../dialect.ts';
import type { Layout } from './layout.ts';
import { privateClient } from './private-server.ts';

/** How a private server is given the logs: as its relay logs, or as SQL by the engine's tool, which is slower by far. */
export type ReplayWay = 'relay' | 'pipe';

/** Code of a script whose replay failed, and nothing else. */
export const REPLAY_FAILED = 4;

/** So often in a row, at 0.2 s: a thread that waits for what nobody will send. */
const IDLE_LOOKS = 50;

/** Where the logs wait, beside the new data directory. */
export function relayPath(layout: Layout): string {
  return `${freshOf(layout.places[0] ?? { live: layout.server.dataDirectory })}-logs`;
}

/** A server takes what lies beside its data under these names for what it was sent by another one. */
export function relayName(file: string): string {
  return `relay.${String(numberOf(file)).padStart(6, '0')}`;
}

/** The private server's own relay logs are in the place of those that it will be given. */
export function relayOptions(way: ReplayWay): string {
  return way === 'relay' ? '--relay-log=relay --relay-log-index=relay.index --relay-log-purge=0' : '';
}

/** Runs with the functions of `private-server.ts`, on its running server, to which nothing was replayed yet. */
export function replayScript(dialect: Dialect, layout: Layout, plan: ReplayPlan, way: ReplayWay): string {
  const script = way === 'relay' ? relayScript : pipeScript;
  return `failed_as=${REPLAY_FAILED}
${script(dialect, layout, plan)}failed_as=
`;
}

/** Prints which log is being replayed and how far, as `progress.ts` reads it; nothing, or nothing good, before and after. */
export function progressScript(context: EngineContext, dialect: Dialect, way: ReplayWay): string {
  const { columns, statusSql } = dialect.restore;
  return way === 'relay'
    ? sh`${raw(privateClient(context, dialect))} --vertical -e ${statusSql} | sed -nE ${`s/^ *(${columns.file}|${columns.position}): //p`}
`
    : sh`tool=/proc/$(cat ${privateDirectory(context)}/tool.pid)
for file in "$tool"/fd/*; do
  name=$(basename -- "$(readlink -- "$file")")
  [[ $name != relay.[0-9]* ]] || echo "$name $(sed -n 's/^pos:[[:space:]]*//p' "$tool/fdinfo/$(basename -- "$file")")"
done
`;
}

/** The state is asked for all the time: a replay has ended when its thread stopped by itself and without an error, where it should. */
function relayScript({ restore }: Dialect, layout: Layout, plan: ReplayPlan): string {
  const { columns, statusSql, resetSql } = restore;
  const end = `${relayName(plan.end.file)}:${plan.end.position}`;
  const relayed: ReplayPlan = {
    ...plan,
    start: { ...plan.start, file: relayName(plan.start.file) },
    end: { ...plan.end, file: relayName(plan.end.file) },
  };
  return sh`rm -f -- "$fresh"/relay.*
chown "$owner:$group" ${relayPath(layout)}/relay.index
mv -- ${relayPath(layout)}/* "$fresh"/
rmdir -- ${relayPath(layout)}
# what the relay logs create is taken for a replica's, and would never run
events() { sql "select concat_ws('.', event_schema, event_name, last_altered) from information_schema.events where status like '%SIDE_DISABLED'" | LC_ALL=C sort; }
disabled=$(events)
column() { sed -n "s/^ *$1: //p" <<<"$state" | head -n 1; }
sql ${raw(quoteSql(restore.replaySql(relayed)))}
idle=0
while :; do
  state=$(show ${statusSql})
  # the error's text would tell the statement, and what it holds
  [ "$(column ${columns.error})" = 0 ] || { echo "error $(column ${columns.error}) at $(column ${columns.file}):$(column ${columns.position})"; exit 1; }
  [ "$(column ${columns.running})" != No ] || break
  case "$state" in *'has read all relay log'*) idle=$((idle + 1)) ;; *) idle=0 ;; esac
  [ $idle -lt ${IDLE_LOOKS} ] || { echo "it waits for more at $(column ${columns.file}):$(column ${columns.position}), and the plan is "${end}; exit 1; }
  sleep 0.2
done
reached=$(column ${columns.file}):$(column ${columns.position})
# what went well to another place would not be better by another way
[ "$reached" = ${end} ] || { echo "it ended at $reached, and the plan is "${end}; failed_as=; exit 1; }
[ -z "$(LC_ALL=C comm -13 <(echo "$disabled") <(events))" ] || { echo 'events of the logs would stay disabled'; exit 1; }
sql ${resetSql}
`;
}

/** The tool stops at the plan's end, which is the beginning of an event of files whose sizes were compared; what it and the server say is not told: it may hold a statement. */
function pipeScript({ server, restore }: Dialect, layout: Layout, { start, end }: ReplayPlan): string {
  return sh`sql 'set global max_allowed_packet = 1073741824'
mapfile -t files < <(sed 's|^\./||' ${relayPath(layout)}/relay.index)
cd -- ${relayPath(layout)}
{
  echo $BASHPID >"$run/tool.pid"
  exec ${restore.binlogTool} --no-defaults --verify-binlog-checksum --start-position=${start.position} --stop-position=${end.position} "\${files[@]}"
} 2>"$run/tool" |
  client --binary-mode --max-allowed-packet=1G --skip-reconnect >/dev/null 2>"$run/client" || {
    grep -ohE '^ERROR( [0-9]+ \([0-9A-Z]+\) at line [0-9]+|: [^:]*)' "$run/tool" "$run/client" || echo ${`${restore.binlogTool} or ${server.client} failed`}
    exit 1
  }
cd /
rm -rf -- ${relayPath(layout)}
`;
}

/** SQL of several lines as one word of the shell. */
function quoteSql(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
