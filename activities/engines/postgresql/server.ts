import type { Host } from '#activities/hosts/port.ts';
import { raw, sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { HostContext } from '../port.ts';
import { findStopped, getLastFacts, refuseStopped } from '../remembered.ts';
import { unitFunction } from '../service.ts';

/** Where one instance lives, by its own answer. */
export interface Server {
  readonly running: boolean;
  readonly port: number;
  readonly dataDirectory: string;
  readonly socketDirectory: string;
  readonly binDirectory: string;
  /** The operating system's user that runs it. */
  readonly owner: string;
  readonly group: string;
  /** The systemd unit that it runs in; "" where there is none. */
  readonly unit: string;
}

/** Facts of an instance that only it can tell. */
export interface ServerFacts {
  readonly version: string;
  readonly majorVersion: number;
  readonly replica: boolean;
  readonly lagSeconds: number | null;
  readonly sizeBytes: number;
  readonly segmentBytes: number;
  readonly configFile: string;
  readonly hbaFile: string;
  readonly archiveMode: string;
  readonly archiveCommand: string;
  readonly archiveLibrary: string;
  readonly walLevel: string;
  /** Settings that a hot standby needs as high as they were when the WAL was written. */
  readonly atLeast: Readonly<Record<string, number>>;
}

/**
 * Finds the instance by its port: a postmaster's working directory is its data directory, where postmaster.pid
 * holds its port (line 4) and its socket directory (line 5). Its links under /proc are read as its own owner:
 * in a container even root may not. While it does not run, what was last seen counts.
 */
export async function findServer(context: HostContext): Promise<Server> {
  const output = await context.host.run(sh`port=${context.database.port} found=0
${raw(unitFunction)}
for status in /proc/[0-9]*/comm; do
  pid=\${status#/proc/}; pid=\${pid%/comm}
  comm=$(cat "$status" 2>/dev/null) || continue
  case "$comm" in postgres|postmaster) ;; *) continue ;; esac
  owner=$(stat -c %U "/proc/$pid") || continue
  as() { (cd / && runuser -u "$owner" -- "$@"); }
  dir=$(as readlink "/proc/$pid/cwd") || continue
  [ -f "$dir/postmaster.pid" ] && [ "$(sed -n 1p "$dir/postmaster.pid")" = "$pid" ] && [ "$(sed -n 4p "$dir/postmaster.pid")" = "$port" ] || continue
  found=$((found + 1))
  [ "$found" = 1 ] || { echo several; exit 0; }
  lines=$(printf '%s\n' running "$dir" "$(sed -n 5p "$dir/postmaster.pid")" "$(dirname "$(as readlink "/proc/$pid/exe")")" "$owner" "$(stat -c %G "/proc/$pid")" \
    "$(unit_of "$pid")")
done
[ "$found" = 0 ] || printf '%s\n' "$lines"
`);
  const [state, dataDirectory, socketDirectory, binDirectory, owner, group, unit = ''] = output.split('\n');
  if (state === 'several') {
    throw new TidemarkError(
      'server-not-found',
      `several PostgreSQL servers say that they listen on port ${context.database.port} of ${context.database.name}'s host`,
    );
  }
  const stopped = state === 'running' ? undefined : await findStopped<Server>(context);
  if (stopped !== undefined) return stopped;
  if (!dataDirectory || socketDirectory === undefined || !binDirectory || !owner || !group) {
    throw new TidemarkError(
      'server-not-found',
      `no PostgreSQL server listens on port ${context.database.port} of ${context.database.name}'s host`,
    );
  }
  return {
    running: true,
    port: context.database.port,
    dataDirectory,
    socketDirectory: socketDirectory === '' ? '/tmp' : socketDirectory,
    binDirectory,
    owner,
    group,
    unit,
  };
}

/** As `findServer`, and it runs. */
export async function findRunningServer(context: HostContext): Promise<Server> {
  const server = await findServer(context);
  refuseStopped(context, 'PostgreSQL', server);
  return server;
}

/** The facts of a running server, or the last ones of a stopped one. */
export async function findFacts(context: HostContext, server: Server): Promise<ServerFacts> {
  return server.running ? await readFacts(context.host, server) : await getLastFacts<ServerFacts>(context);
}

/** Runs SQL as the instance's owner and returns the unaligned rows. */
export async function runSql(host: Host, server: Server, sql: string, timeoutMs = 60_000): Promise<string> {
  const output = await host.tryRun(
    sh`cd /
runuser -u ${server.owner} -- ${server.binDirectory}/psql -XAtq -v ON_ERROR_STOP=1 -h ${server.socketDirectory} -p ${server.port} -d postgres -f - <<'TIDEMARK_SQL'
${raw(sql)}
TIDEMARK_SQL
`,
    { timeoutMs },
  );
  if (output.exitCode === 0) return output.stdout.trim();
  const words = output.stderr.trim().split('\n').slice(-3).join(' ');
  const code = output.exitCode === 2 ? 'server-down' : 'host-command-failed';
  throw new TidemarkError(code, `psql on port ${server.port} ended with ${output.exitCode}: ${words}`);
}

export async function readFacts(host: Host, server: Server): Promise<ServerFacts> {
  return JSON.parse(await runSql(host, server, factsSql)) as ServerFacts;
}

const factsSql = `select json_build_object(
  'version', split_part(current_setting('server_version'), ' ', 1),
  'majorVersion', current_setting('server_version_num')::int / 10000,
  'replica', pg_is_in_recovery(),
  'lagSeconds', case when not pg_is_in_recovery() then null
                     when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
                     else extract(epoch from now() - pg_last_xact_replay_timestamp()) end,
  'sizeBytes', (select sum(pg_database_size(oid)) from pg_database),
  'segmentBytes', (select setting::bigint from pg_settings where name = 'wal_segment_size'),
  'configFile', current_setting('config_file'),
  'hbaFile', current_setting('hba_file'),
  'archiveMode', current_setting('archive_mode'),
  'archiveCommand', current_setting('archive_command'),
  'archiveLibrary', current_setting('archive_library'),
  'walLevel', current_setting('wal_level'),
  'atLeast', (select json_object_agg(name, setting::int) from pg_settings where name in
    ('max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions', 'max_locks_per_transaction')));`;
