import type { Host } from '#activities/hosts/port.ts';
import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { EngineContext } from '../port.ts';
import { flushLogs } from './logs.ts';
import { lastLines } from './prepare.ts';
import { archiveCommand, configPath, homeOf, installConfig, pgbackrest } from './repository.ts';
import type { Server, ServerFacts } from './server.ts';
import { findRunningServer, readFacts, rememberServer, runSql } from './server.ts';

/** What archive_command is while archiving has been disarmed and the server was not restarted since: an empty one would keep every segment. */
const discard = '/bin/true';

/** Turns WAL archiving into the context's generation on. archive_mode needs a restart where it was off: the only one. */
export async function arm(context: EngineContext): Promise<void> {
  const { host, database, repository } = context;
  const server = await findRunningServer(context);
  const facts = await readFacts(host, server);
  if (facts.replica) throw new TidemarkError('not-attachable', `the server of ${database.name} is a replica now; attach its primary`);
  refuseForeignArchiving(facts, database.id);
  const path = configPath(database.id, repository.generation);
  await host.run(
    installConfig(context, server, { path, dataDirectory: server.dataDirectory, purpose: 'archive' }) +
      rememberServer(server, facts, homeOf(database.id)),
  );
  await createStanza(context, server, path);
  await runSql(
    host,
    server,
    `alter system set archive_mode = 'on';
alter system set archive_command = '${archiveCommand(database.id, repository.generation)}';
alter system set archive_timeout = '60s';
select pg_reload_conf();`,
  );
  if (facts.archiveMode === 'off') await restartServer(host, server);
  await flushLogs(context);
}

/** Leaves the server as it was, but for archive_mode, which stays on without effect until its next restart. */
export async function disarm(context: EngineContext): Promise<void> {
  const { host, database } = context;
  const home = homeOf(database.id);
  const server = await findRunningServer(context);
  if ((await readFacts(host, server)).archiveCommand.includes(home)) {
    await runSql(
      host,
      server,
      `alter system reset archive_mode;
alter system reset archive_timeout;
alter system set archive_command = '${discard}';
select pg_reload_conf();`,
    );
  }
  await host.sweepJobs(database.id);
  await host.run(sh`home=${home}
for try in 1 2 3 4 5 6 7 8 9 10; do pgrep -f -- "--config=$home/" >/dev/null || break; sleep 1; done
pkill -TERM -f -- "--config=$home/" || true
rm -rf -- "$home"
rmdir --ignore-fail-on-non-empty /var/lib/tidemark 2>/dev/null || true
`);
}

/** Stops and starts the server by the system's own way. */
async function restartServer(host: Host, server: Server): Promise<void> {
  await host.run(`${serviceFunctions(server)}stop_server\nstart_server\n`, { timeoutMs: 300_000 });
}

/** Shell functions `stop_server` and `start_server`: Debian's pg_ctlcluster (which asks systemd where it runs), else pg_ctl. */
export function serviceFunctions(server: Server): string {
  return sh`data=${server.dataDirectory} bin=${server.binDirectory} owner=${server.owner}
cluster() { command -v pg_lsclusters >/dev/null && pg_lsclusters -h | awk -v dir="$data" '$6 == dir {print $1, $2; exit}'; }
control() {
  local of; of=$(cluster) || of=
  cd /
  if [ -n "$of" ]; then
    case "$1" in stop) pg_ctlcluster $of stop -m fast ;; start) pg_ctlcluster $of start ;; esac
  else
    case "$1" in stop) runuser -u "$owner" -- "$bin/pg_ctl" -D "$data" -w -t 240 -m fast stop ;; start) runuser -u "$owner" -- "$bin/pg_ctl" -D "$data" -w -t 240 -l "$data/startup.log" start ;; esac
  fi
}
is_running() { [ -f "$data/postmaster.pid" ] && [ -d "/proc/$(sed -n 1p "$data/postmaster.pid")" ]; }
stop_server() { ! is_running || control stop; }
start_server() { is_running || control start; }
`;
}

async function createStanza(context: EngineContext, server: Server, path: string): Promise<void> {
  const output = await context.host.tryRun(`${pgbackrest(server, path, 'stanza-create')} 2>&1`, { timeoutMs: 180_000 });
  if (output.exitCode !== 0) throw repositoryError(output.stdout, 'pgBackRest could not create its repository');
}

/** pgBackRest's own words, with the store's failure where they tell of one. */
export function repositoryError(log: string, what: string): TidemarkError {
  const errors = log.split('\n').filter((line) => line.includes('ERROR:'));
  const words = lastLines(errors.length > 0 ? errors.join('\n') : log, 3);
  if (/InvalidAccessKeyId|SignatureDoesNotMatch|\[403\]|AccessDenied/.test(log))
    return new TidemarkError('store-credentials-refused', `${what}: the store refused the credentials: ${words}`);
  if (/NoSuchBucket/.test(log)) return new TidemarkError('store-bucket-missing', `${what}: ${words}`);
  if (/No space left/.test(log)) return new TidemarkError('disk-full', `${what}: ${words}`);
  if (/HostConnectError|unable to connect|timeout/i.test(log)) return new TidemarkError('store-unreachable', `${what}: ${words}`);
  return new TidemarkError('backup-failed', `${what}: ${words}`);
}

function refuseForeignArchiving(facts: ServerFacts, databaseId: string): void {
  const command = facts.archiveCommand.trim();
  const ours = command === '' || command === '(disabled)' || command === discard || command.includes(homeOf(databaseId));
  if (facts.archiveLibrary === '' && (facts.archiveMode === 'off' || ours)) return;
  const other = facts.archiveLibrary === '' ? (command.split(/\s/)[0] ?? '') : facts.archiveLibrary;
  throw new TidemarkError('archiving-in-use', `the server already archives its WAL by ${other}`);
}
