import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import { homeOf } from './home.ts';
import { lastLines } from './log-lines.ts';
import type { HostContext } from './port.ts';

/** How one server is stopped and started on its host. */
export interface Service {
  readonly dataDirectory: string;
  /** What was looked for in vain where it cannot be started: "no systemd unit, …". */
  readonly waysToStart: string;
  /** Shell functions `control stop|start`, `is_running` (a process has `$data` open, also one that starts or stops) and `can_be_started`. */
  readonly functions: string;
}

/** A scope of its own: nobody sweeps away what stands between a stopped server and its start. */
export function serviceScope(databaseId: string): string {
  return `${databaseId}-service`;
}

/**
 * A shell function, `unit_of PID`: the systemd unit whose main process it is, or the script around it; else nothing,
 * for a server may also run in the unit of whoever started it by hand: a session's, a scheduler's, an agent's.
 */
export const unitFunction = sh`unit_of() {
  local unit main parent
  unit=$(sed -n 's|^.*/\([^/]*\.service\)$|\1|p' "/proc/$1/cgroup" | head -n 1)
  [ -n "$unit" ] && main=$(systemctl show -p MainPID --value "$unit" 2>/dev/null) || return 0
  parent=$(sed -n 's/^PPid:[[:blank:]]*//p' "/proc/$1/status")
  case "$main $(cat "/proc/$main/comm" 2>/dev/null)" in "$1 "*|"$parent "*[-_]safe) echo "$unit" ;; esac
}`;

/**
 * The service's own functions, and `stop_server` and `start_server`, which do nothing where nothing is to do. What a stop
 * command says does not count (it may have stopped another unit): nothing holds the data any more when `stop_server` is well over.
 */
export function serviceFunctions({ functions }: Service): string {
  return `${functions}
wait_until_free() { # data directory, what is done with it
  local try data=$1
  for try in $(seq 1200); do is_running || return 0; sleep 0.5; done
  echo "a server cannot be ended, it still holds $data"
  return 1
}
stop_server() {
  control stop || ! is_running || return 1
  wait_until_free "$data"
}
start_server() { is_running || control start; }
`;
}

/** Throws `layout-not-supported` where a stopped server could not be started again: asked before anything is stopped. */
export async function refuseUnstartable(context: HostContext, service: Service): Promise<void> {
  const { dataDirectory } = service;
  if (!/^[A-Za-z0-9_.+@/-]+$/.test(dataDirectory)) {
    throw new TidemarkError(
      'layout-not-supported',
      `the data directory's path has characters that settings cannot hold: ${JSON.stringify(dataDirectory)}`,
    );
  }
  const output = await context.host.run(`${serviceFunctions(service)}can_be_started || echo no\n`);
  if (output.trim() === 'no') {
    throw new TidemarkError(
      'layout-not-supported',
      `nothing on the host tells how the server in ${dataDirectory} is started: ${service.waysToStart}`,
    );
  }
}

/**
 * Stops and starts the server in a job that nothing cuts off. A mark is laid before the stop: who finds it knows
 * that the server is down on our account, and starts it.
 */
export async function restartServer(context: HostContext, service: Service): Promise<void> {
  await refuseUnstartable(context, service);
  const mark = `${homeOf(context.database.id)}/restarting`;
  const script = `${serviceFunctions(service)}
touch ${mark}
stop_server
start_server
rm -f ${mark}
`;
  const { exitCode, log } = await context.host.runJob({ scope: serviceScope(context.database.id), id: 'restart', script });
  if (exitCode !== 0)
    throw new TidemarkError('server-down', `the server did not come back after its restart (${exitCode}): ${lastLines(log)}`);
}

/** Starts a server that does not run again if a restart of ours was cut off (the host itself went down, say); else does nothing. */
export async function finishRestart(context: HostContext, service: Service): Promise<void> {
  const marked = await context.host.run(sh`[ ! -e ${homeOf(context.database.id)}/restarting ] || echo yes`);
  if (marked.trim() === 'yes') await restartServer(context, service);
}
