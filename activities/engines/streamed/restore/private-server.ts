import { raw, sh } from '#activities/hosts/script.ts';
import type { EngineContext } from '../../port.ts';
import { homeOf } from '../../home.ts';
import { freshOf, privateDirectory } from '../../restore/places.ts';
import type { Dialect } from '../dialect.ts';
import type { Layout } from './layout.ts';

/** No server of a user's has it, so that no replayed event counts as the private server's own. */
const SERVER_ID = 4_294_967_290;

/** A login of the private server's alone: whoever is root in the restored data may have another password than root has now. */
const USER = `'tidemark-restore'@'localhost'`;
const UNLOGGED = 'set sql_log_bin = 0';
const DROP_USER = `drop user if exists ${USER}`;

/** The option file by which root logs in to the private server, and the SQL that the server makes the login with. */
export function loginFiles(context: EngineContext): readonly [options: string, sql: string] {
  const home = homeOf(context.database.id);
  return [`${home}/login.cnf`, `${home}/login.sql`];
}

/** The command line of the engine's client on the private server. */
export function privateClient(context: EngineContext, dialect: Dialect): string {
  const [login] = loginFiles(context);
  return sh`${dialect.server.client} --defaults-file=${login} --protocol=socket --socket=${`${privateDirectory(context)}/socket`}`;
}

/**
 * Shell functions `start_private OPTION…`, `stop_private`, `client`, `sql` and `show`, and `failed_as`, the exit code of whatever
 * fails while it is set: a server on the restored directory that nobody else can reach.
 * A security profile of the daemon's (AppArmor) does not know the directory, so it is started outside of it.
 */
export function privateFunctions(
  context: EngineContext,
  dialect: Dialect,
  layout: Layout,
  settings: Readonly<Record<string, string | number>>,
): string {
  const { server, places } = layout;
  const [data = { live: server.dataDirectory }] = places;
  const run = privateDirectory(context);
  const [login, loginSql] = loginFiles(context);
  const options = dialect.restore.privateOptions(settings);
  return `${sh`fresh=${freshOf(data)} run=${run} owner=${server.owner} group=${server.group} daemon=${server.executable}
private_server= free= failed_as= relayed=
if command -v aa-enabled >/dev/null && aa-enabled --quiet; then free='aa-exec -p unconfined --'; fi
install -d -m 0700 -o "$owner" -g "$group" "$run"
client() { ${raw(privateClient(context, dialect))} "$@"; }
sql() { client --batch --raw --skip-column-names -e "$1"; }
show() { client --vertical -e "$1"; }
make_login() {
  local password; password="Aa1!$(head -c 24 /dev/urandom | base64)"
  ( umask 077; : > ${loginSql}; : > ${login} )
  chown "root:$group" ${loginSql}
  chmod 0640 ${loginSql}
  printf '%s;\n' ${UNLOGGED} ${DROP_USER} "create user "${USER}" identified by '$password'" ${`grant all privileges on *.* to ${USER} with grant option`} > ${loginSql}
  printf '[client]\nuser=tidemark-restore\npassword="%s"\n' "$password" > ${login}
}
start_private() {
  make_login
  case "$*" in *--relay-log=*) relayed=yes ;; *) relayed= ;; esac
  (cd / && exec runuser -u "$owner" -- $free "$daemon" --no-defaults --datadir="$fresh" --socket="$run/socket" --pid-file="$run/pid" \
    --log-error="$run/log.err" --skip-networking --event-scheduler=OFF --init-file=${loginSql} --server-id=${SERVER_ID} ${options} "$@") </dev/null >>"$run/out" 2>&1 &
  private_server=$!
  until said=$(sql 'select 1' 2>&1); do
    kill -0 $private_server 2>/dev/null || { echo 'the private server did not start'; return 1; }
    [[ $said != *'(28000)'* ]] || { echo "the private server refuses its login: $said"; return 1; }
    sleep 0.2
  done
}
stop_private() {
  sql ${`${UNLOGGED}; ${DROP_USER}; shutdown`}
  wait $private_server
  private_server=
  # a binary log of the server's may have the same name
  [ -z "$relayed" ] || rm -f -- "$fresh"/relay.* "$fresh"/relay-* "$fresh"/master.info
}
`}${endFunctions([login, loginSql])}`;
}

/** Ends the private server with the script, and removes what was for it alone; a failure's words are of the server's own log. */
function endFunctions(files: readonly string[]): string {
  return `end_private_server() {
  [ -n "$private_server" ] || return 0
  sql shutdown >/dev/null 2>&1 || kill -TERM $private_server 2>/dev/null || true
  wait $private_server || true
}
finish() {
  code=$?; trap '' TERM
  # what a replay stopped at would tell the statement, and what it holds; MySQL complains of a plugin that the copy loads by itself
  [ $code = 0 ] || grep -E '\\[(ERROR|FATAL)\\]' "$run/log.err" 2>/dev/null | grep -viE 'repl|slave|quer(y|ies)|function .clone. already exists' | tail -n 5 || true
  end_private_server
  [ $code = 0 ] || code=\${failed_as:-$code}
  rm -rf -- "$run" ${files.join(' ')}
  exit $code
}
trap finish EXIT
`;
}
