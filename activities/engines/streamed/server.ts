import { raw, sh } from '#activities/hosts/script.ts';
import type { Host } from '#activities/hosts/port.ts';
import { TidemarkError } from '#domain/errors.ts';
import { lastLines } from '../log-lines.ts';
import type { HostContext } from '../port.ts';
import { findStopped, getLastFacts, refuseStopped } from '../remembered.ts';
import { unitFunction } from '../service.ts';
import type { Dialect } from './dialect.ts';
import type { Server, ServerAnswer, ServerFacts } from './server-grammar.ts';

/**
 * Finds the instance by its port: every Unix socket of the owner of such a process is asked, because a server may hide its
 * links under /proc even from root. While it does not run, what was last seen counts.
 */
export async function findServer(context: HostContext, dialect: Dialect): Promise<Server> {
  const output = await context.host.run(findScript(context, dialect));
  const [state, ...lines] = output.split('\n');
  if (state === 'running') return parseServer(context, lines);
  const stopped = state === 'none' ? await findStopped<Server>(context) : undefined;
  if (stopped !== undefined) return stopped;
  const where = `port ${context.database.port} of ${context.database.name}'s host`;
  if (state === 'several') throw new TidemarkError('server-not-found', `several ${dialect.title} servers say that they listen on ${where}`);
  const refused = lines.join(' ').trim();
  throw new TidemarkError(
    'server-not-found',
    refused === ''
      ? `no ${dialect.title} server listens on ${where}`
      : `no ${dialect.title} server on ${where} lets root in by its socket (${refused}): allow it, or put the login into /root/.my.cnf`,
  );
}

function findScript({ database }: HostContext, { server }: Dialect): string {
  return `${sh`port=${database.port} client=${server.client} names=${` ${server.processNames.join(' ')} `}
`}export HOME=/root
found=0 refused= lines=
ask() { timeout 15 "$client" --connect-timeout=5 --protocol=socket --socket="$1" --batch --raw --skip-column-names -e "$2" 2>&1; }
${unitFunction}
owners=
for comm in /proc/[0-9]*/comm; do
  pid=\${comm#/proc/}; pid=\${pid%/comm}
  name=$(cat "$comm" 2>/dev/null) || continue
  case "$names" in *" $name "*) owners="$owners $(stat -c %U "/proc/$pid" 2>/dev/null) " ;; esac
done
while read -r socket; do
  [ -S "$socket" ] || continue
  case "$socket" in *mysqlx*|/var/lib/tidemark/*|*.tidemark-new/*) continue ;; esac
  case "$owners" in *" $(stat -c %U "$socket") "*) ;; *) continue ;; esac
  answer=$(ask "$socket" 'select @@port; select @@datadir; select @@pid_file; select @@socket') || { refused="$socket: $answer"; continue; }
  { read -r at; read -r data; read -r pid_file; read -r own_socket; } <<<"$answer"
  [ "$at" = "$port" ] || continue
  case "$lines" in *"$socket"*) continue ;; esac
  found=$((found + 1))
  [ "$found" = 1 ] || { echo several; exit 0; }
  data=\${data%/}
  case "$pid_file" in /*) ;; *) pid_file=$data/$pid_file ;; esac
  case "$own_socket" in /*) ;; *) own_socket=$data/$own_socket ;; esac
  pid=$(cat "$pid_file")
  executable=$(tr '\\0' '\\n' <"/proc/$pid/cmdline" | head -n 1)
  case "$executable" in /*) ;; *) executable=$(command -v "$executable") ;; esac
  lines=$(printf '%s\\n' running "$data" "$own_socket" "$pid_file" "$executable" "$(stat -c %U "/proc/$pid")" "$(stat -c %G "/proc/$pid")" "$(unit_of "$pid")")
done < <(awk '$NF ~ /^\\// {print $NF}' /proc/net/unix | sort -u)
[ "$found" = 0 ] || { printf '%s\\n' "$lines"; exit 0; }
[ -z "$refused" ] || { echo refused; printf '%s\\n' "$refused"; exit 0; }
echo none
`;
}

function parseServer(context: HostContext, lines: readonly string[]): Server {
  const [dataDirectory, socket, pidFile, executable, owner, group, unit = ''] = lines;
  if (!dataDirectory || !socket || !pidFile || !executable || !owner || !group) {
    throw new TidemarkError('server-not-found', `the server of ${context.database.name} did not say where it lives: ${lines.join(' ')}`);
  }
  return { running: true, port: context.database.port, dataDirectory, socket, pidFile, executable, owner, group, unit };
}

/** As `findServer`, and it runs. */
export async function findRunningServer(context: HostContext, dialect: Dialect): Promise<Server> {
  const server = await findServer(context, dialect);
  refuseStopped(context, dialect.title, server);
  return server;
}

/** The facts of a running server, or the last ones of a stopped one. */
export async function findFacts(context: HostContext, dialect: Dialect, server: Server): Promise<ServerFacts> {
  return server.running ? await readFacts(context.host, dialect, server) : await getLastFacts<ServerFacts>(context);
}

/** A shell command line that runs the SQL on its standard input as root and writes bare rows. */
export function clientCommand({ server: { client } }: Pick<Dialect, 'server'>, socket: string, ...options: readonly string[]): string {
  return sh`HOME=/root ${raw(client)} --protocol=socket --socket=${socket} --batch --raw --skip-column-names ${options}`;
}

/** Runs SQL as root and returns the bare rows. */
export async function runSql(
  host: Host,
  dialect: Pick<Dialect, 'server'>,
  server: Pick<Server, 'socket'>,
  sql: string,
  { vertical = false, timeoutMs }: { readonly vertical?: boolean; readonly timeoutMs?: number } = {},
): Promise<string> {
  const command = vertical ? verticalCommand(dialect, server) : clientCommand(dialect, server.socket);
  return (await runClient(host, dialect, clientScript(command, sql), timeoutMs)).trimEnd();
}

function verticalCommand({ server: { client } }: Pick<Dialect, 'server'>, { socket }: Pick<Server, 'socket'>): string {
  return sh`HOME=/root ${raw(client)} --protocol=socket --socket=${socket} --vertical`;
}

export function clientScript(command: string, sql: string): string {
  return `${command} <<'TIDEMARK_SQL'\n${sql}\nTIDEMARK_SQL\n`;
}

/** Runs a script of client commands; a server that does not answer is told as such. Errors: `server-down`, `host-command-failed`. */
export async function runClient(
  host: Host,
  { server: { client } }: Pick<Dialect, 'server'>,
  script: string,
  timeoutMs?: number,
): Promise<string> {
  const output = await host.tryRun(script, timeoutMs === undefined ? {} : { timeoutMs });
  if (output.exitCode === 0) return output.stdout;
  const code = /ERROR 2\d\d\d/.test(output.stderr) ? 'server-down' : 'host-command-failed';
  throw new TidemarkError(code, `${client} ended with ${output.exitCode}: ${lastLines(output.stderr, 3)}`);
}

/** One script asks everything, for a backup asks often. */
export async function readFacts(host: Host, dialect: Dialect, server: Server): Promise<ServerFacts> {
  const { factsSql, replicaSql, logStatusSql } = dialect.server;
  const script = [
    clientScript(clientCommand(dialect, server.socket), factsSql),
    `echo ${BETWEEN}`,
    clientScript(verticalCommand(dialect, server), `${replicaSql}\nselect '${BETWEEN}' as '';\n${logStatusSql}`),
  ].join('\n');
  const [facts = '', replica = '', status = ''] = (await runClient(host, dialect, script)).split(BETWEEN);
  const answer = JSON.parse(facts) as ServerAnswer;
  const lag = fieldOf(replica, 'Seconds_Behind_(?:Master|Source)');
  return {
    ...answer,
    version: answer.version.split('-')[0] ?? answer.version,
    series: answer.version.split('.').slice(0, 2).join('.'),
    replica: /^ *(?:Master|Source)_Host:/m.test(replica),
    lagSeconds: lag === undefined || !/^\d+$/.test(lag) ? null : Number(lag),
    logFilters: [fieldOf(status, 'Binlog_Do_DB'), fieldOf(status, 'Binlog_Ignore_DB')].filter(Boolean).join(', '),
  };
}

const BETWEEN = 'tidemark-between';

/** A column of what the client shows with `--vertical`. */
export function fieldOf(vertical: string, name: string): string | undefined {
  return new RegExp(`^ *${name}: (.*)$`, 'm').exec(vertical)?.[1];
}
