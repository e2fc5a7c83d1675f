import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import { lastLines } from '../../log-lines.ts';
import { freshOf, getLayout, privateDirectory } from '../../restore/places.ts';
import type { Layout } from './layout.ts';
import { replayProgress } from './progress.ts';

/**
 * Rolls the new directory forward on a private instance (no network, no archiving, nothing can write), waits
 * until it paused at the target, checks where it stopped, and stops it there. After the swap the real start
 * stops at the same record and promotes.
 */
export async function recover(context: EngineContext, request: RestoreRequest): Promise<void> {
  const layout = await getLayout<Layout>(context, request);
  const job = {
    scope: context.database.id,
    id: `recover-${request.restoreId}`,
    script: recoverScript(context, layout),
    progress: progressScript(context, layout),
  };
  const onProgress = (printed: string): void => {
    const progress = replayProgress(printed, { backedUpAt: layout.backedUpAt, target: request.target });
    if (progress !== undefined) context.report(progress.done, progress.total);
  };
  const { exitCode, log } = await context.host.runJob(job, { signal: context.signal, onProgress });
  if (exitCode === 4) throw new TidemarkError('target-not-reached', `recovery ended before the target was reached: ${fatalLines(log)}`);
  if (exitCode !== 0) throw new TidemarkError('target-not-reached', `the private instance failed (${exitCode}): ${fatalLines(log)}`);
  verify(request, log);
}

function recoverScript(context: EngineContext, { server, facts, places }: Layout): string {
  const [place] = places;
  const fresh = place === undefined ? '' : freshOf(place);
  const inside = (path: string): string =>
    path.startsWith(`${server.dataDirectory}/`) ? `${fresh}${path.slice(server.dataDirectory.length)}` : path;
  const atLeast = Object.entries(facts.atLeast ?? {}).map(([name, value]) => `${name}=${value}`);
  return sh`fresh=${fresh} run=${privateDirectory(context)} bin=${server.binDirectory} owner=${server.owner}
as() { runuser -u "$owner" -- "$@"; }
cd /
[ ! -f "$fresh/postmaster.pid" ] || as "$bin/pg_ctl" -D "$fresh" -w -m immediate stop || true
rm -rf -- "$run"
install -d -m 0700 -o ${server.owner} -g ${server.group} "$run"
echo 'local all all peer' > "$run/pg_hba.conf"
chown ${server.owner} "$run/pg_hba.conf"
stopped_at=
finish() {
  code=$?; trap '' TERM
  as "$bin/pg_ctl" -D "$fresh" -w -t 3600 -m fast stop >/dev/null 2>&1 || true
  grep -E 'recovery stopping|recovery ended|pausing at|insufficient parameter settings|FATAL|PANIC|ERROR' "$run/log" 2>/dev/null | tail -n 60 || true
  [ ! -f "$fresh/postmaster.pid" ] || { echo 'the private instance did not stop'; code=6; }
  echo "$stopped_at"
  rm -rf -- "$run"
  exit $code
}
trap finish EXIT
# a hot standby stands still where a setting is lower than it was when the WAL was written: at the base, or since
control=$("$bin/pg_controldata" "$fresh" | sed -n 's/^\(max_[a-z_]*\) setting: */\1=/p' | sed 's/_xacts=/_transactions=/; s/_xact=/_transaction=/')
high=()
for line in ${atLeast}; do
  held=$(sed -n "s/^\${line%%=*}=//p" <<<"$control")
  high+=(-c "\${line%%=*}=$(( \${held:-0} > \${line#*=} ? held : \${line#*=} ))")
done
as "$bin/postgres" -D "$fresh" \
  -c config_file=${inside(facts.configFile)} -c data_directory="$fresh" -c hba_file="$run/pg_hba.conf" -c external_pid_file="$run/pid" \
  -c listen_addresses= -c unix_socket_directories="$run" -c unix_socket_permissions=0700 -c port=5499 \
  -c archive_mode=off -c archive_cleanup_command= -c recovery_end_command= -c huge_pages=off -c log_min_messages=warning -c primary_conninfo= -c hot_standby=on -c ssl=off -c cluster_name=tidemark-restore \
  -c recovery_target_action=pause \
  -c logging_collector=off -c log_destination=stderr -c lc_messages=C -c log_timezone=UTC -c timezone=UTC -c shared_buffers=128MB -c log_line_prefix='%m ' "\${high[@]}" \
  >"$run/log" 2>&1 </dev/null &
server=$!
sql() { as "$bin/psql" -XAtq -h "$run" -p 5499 -d postgres -c "$1" 2>/dev/null; }
while kill -0 $server 2>/dev/null; do
  if [ "$(sql 'select pg_get_wal_replay_pause_state()')" = paused ]; then
    stopped_at=$(sql "select 'tidemark-stop|' || coalesce(to_char(pg_last_xact_replay_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), '') || '|' || pg_last_wal_replay_lsn()")
    exit 0
  fi
  sleep 0.3
done
exit 4
`;
}

function progressScript(context: EngineContext, { server }: Layout): string {
  return sh`cd / && runuser -u ${server.owner} -- ${server.binDirectory}/psql -XAtq -h ${privateDirectory(context)} -p 5499 -d postgres -c 'select extract(epoch from pg_last_xact_replay_timestamp())::bigint'`;
}

/** The log names the first commit that was left out; the last one that was taken is what the instance itself says. */
function verify(request: RestoreRequest, log: string): void {
  const stop = /^tidemark-stop\|([^|]*)\|(\S+)$/m.exec(log);
  if (stop === null) throw new TidemarkError('target-not-reached', `the private instance did not say where it stopped: ${fatalLines(log)}`);
  if (request.target === undefined) {
    if (!log.includes('recovery stopping after reaching consistency'))
      throw new TidemarkError('target-not-reached', 'recovery did not stop where the backup became consistent');
    return;
  }
  const target = request.target.getTime();
  const lastTaken = stop[1] === '' ? undefined : Date.parse(stop[1] ?? '');
  const leftOut = /recovery stopping before (?:commit|abort) of transaction \d+, time (\S+ \S+?)(?:\+00| UTC)$/m.exec(log)?.[1];
  if (leftOut === undefined) throw new TidemarkError('target-not-reached', `recovery did not stop at a commit: ${fatalLines(log)}`);
  const firstLeftOut = Date.parse(`${leftOut.replace(' ', 'T')}Z`);
  if (!(firstLeftOut >= target) || (lastTaken !== undefined && !(lastTaken < target))) {
    throw new TidemarkError(
      'target-not-reached',
      `recovery took commits up to ${stop[1]} and left out the one at ${leftOut}, which is not the target ${request.target.toISOString()}`,
    );
  }
}

function fatalLines(log: string): string {
  const fatal = log.split('\n').filter((line) => /FATAL|PANIC|ERROR/.test(line));
  return lastLines(fatal.length > 0 ? fatal.join('\n') : log, 3);
}
