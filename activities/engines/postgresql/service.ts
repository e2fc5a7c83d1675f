import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { HostContext } from '../port.ts';
import { lastLines } from '../log-lines.ts';
import { homeOf } from './repository.ts';
import type { Server } from './server.ts';

/** A scope of its own: nobody sweeps away what stands between a stopped server and its start. */
export function serviceScope(databaseId: string): string {
  return `${databaseId}-service`;
}

/**
 * Shell functions `stop_server`, `start_server`, `is_running` and `can_be_started`. Debian's pg_ctlcluster comes first (it
 * asks systemd where that runs), then the systemd unit that the server was seen in, then pg_ctl.
 */
export function serviceFunctions(server: Server): string {
  return sh`data=${server.dataDirectory} bin=${server.binDirectory} owner=${server.owner} unit=${server.unit}
cluster() {
  command -v pg_lsclusters >/dev/null || return 0
  local version name port status user rest
  pg_lsclusters -h | while read -r version name port status user rest; do
    rest=\${rest% *} # without the log file, and without the blanks that align the columns
    while [ "\${rest% }" != "$rest" ]; do rest=\${rest% }; done
    [ "$(realpath -m -- "$rest")" != "$data" ] || echo "$version $name"
  done
}
as_owner() { (cd / && runuser -u "$owner" -- "$@"); }
control() {
  local of; of=$(cluster)
  cd /
  if [ -n "$of" ]; then
    case "$1" in stop) pg_ctlcluster $of stop -m fast -- -t 3600 ;; start) pg_ctlcluster $of start ;; esac
  elif [ -n "$unit" ] && [ -d /run/systemd/system ]; then
    systemctl "$1" "$unit"
  else
    case "$1" in stop) as_owner "$bin/pg_ctl" -D "$data" -w -t 3600 -m fast stop ;; start) as_owner "$bin/pg_ctl" -D "$data" -w -t 240 -l "$data/startup.log" start ;; esac
  fi
}
can_be_started() { [ -n "$(cluster)" ] || { [ -n "$unit" ] && [ -d /run/systemd/system ]; } || [ -f "$data/postgresql.conf" ]; }
is_running() {
  local pid; pid=$(sed -n 1p "$data/postmaster.pid" 2>/dev/null) || return 1
  [ -n "$pid" ] && [ "$(as_owner readlink "/proc/$pid/cwd")" = "$data" ]
}
stop_server() { ! is_running || control stop; }
start_server() { is_running || control start; }
`;
}

/** Throws `layout-not-supported` where a stopped server could not be started again: asked before anything is stopped. */
export async function refuseUnstartable(context: HostContext, server: Server): Promise<void> {
  const { dataDirectory } = server;
  if (!/^[A-Za-z0-9_.+@/-]+$/.test(dataDirectory)) {
    throw new TidemarkError(
      'layout-not-supported',
      `the data directory's path has characters that settings cannot hold: ${JSON.stringify(dataDirectory)}`,
    );
  }
  const output = await context.host.run(`${serviceFunctions(server)}can_be_started || echo no\n`);
  if (output.trim() === 'no') {
    throw new TidemarkError(
      'layout-not-supported',
      `nothing on the host tells how the server in ${dataDirectory} is started: no cluster of pg_lsclusters, no systemd unit, no postgresql.conf in it`,
    );
  }
}

/**
 * Stops and starts the server in a job that nothing cuts off. A mark is laid before the stop: who finds it knows
 * that the server is down on our account, and starts it.
 */
export async function restartServer(context: HostContext, server: Server): Promise<void> {
  await refuseUnstartable(context, server);
  const mark = `${homeOf(context.database.id)}/restarting`;
  const script = `${serviceFunctions(server)}
touch ${mark}
stop_server
start_server
rm -f ${mark}
`;
  const { exitCode, log } = await context.host.runJob({ scope: serviceScope(context.database.id), id: 'restart', script });
  if (exitCode !== 0)
    throw new TidemarkError('server-down', `the server did not come back after its restart (${exitCode}): ${lastLines(log)}`);
}

/** Starts the server again if a restart of ours was cut off (the host itself went down, say); else does nothing. */
export async function finishRestart(context: HostContext, server: Server): Promise<void> {
  if (server.running) return;
  const marked = await context.host.run(sh`[ ! -e ${homeOf(context.database.id)}/restarting ] || echo yes`);
  if (marked.trim() === 'yes') await restartServer(context, server);
}
