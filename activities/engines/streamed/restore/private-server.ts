import { raw, sh } from '#activities/hosts/script.ts';
import type { EngineContext } from '../../port.ts';
import { freshOf, privateDirectory } from '../../restore/places.ts';
import type { Dialect } from '../dialect.ts';
import { clientCommand } from '../server.ts';
import type { Layout } from './layout.ts';

/** No server of a user's has it, so that no replayed event counts as the private server's own. */
const SERVER_ID = 4_294_967_290;

/**
 * Shell functions `start_private OPTION…`, `stop_private` and `sql`: a server on the restored directory that nobody else can reach.
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
  const options = dialect.restore.privateOptions(settings);
  return `${sh`fresh=${freshOf(data)} run=${run} owner=${server.owner} group=${server.group} daemon=${server.executable}
private_server=
free=
if command -v aa-enabled >/dev/null && aa-enabled --quiet; then free='aa-exec -p unconfined --'; fi
install -d -m 0700 -o "$owner" -g "$group" "$run"
sql() { ${raw(clientCommand(dialect, `${run}/socket`))} -e "$1"; }
show() { HOME=/root ${raw(dialect.server.client)} --protocol=socket --socket="$run/socket" --vertical -e "$1"; }
start_private() {
  (cd / && exec runuser -u "$owner" -- $free "$daemon" --no-defaults --datadir="$fresh" --socket="$run/socket" --pid-file="$run/pid" \
    --log-error="$run/log" --skip-networking --event-scheduler=OFF --server-id=${SERVER_ID} ${options} "$@") </dev/null >>"$run/out" 2>&1 &
  private_server=$!
  until sql 'select 1' >/dev/null 2>&1; do
    kill -0 $private_server 2>/dev/null || { echo 'the private server did not start'; return 1; }
    sleep 0.2
  done
}
`}stop_private() {
  sql shutdown
  wait $private_server
  private_server=
}
end_private_server() {
  [ -n "$private_server" ] || return 0
  sql shutdown >/dev/null 2>&1 || kill -TERM $private_server 2>/dev/null || true
  wait $private_server || true
}
finish() {
  code=$?
  [ $code = 0 ] || grep -E '\\[ERROR\\]|\\[FATAL\\]' "$run/log" 2>/dev/null | tail -n 5 || true
  end_private_server
  rm -rf -- "$run"
  exit $code
}
trap finish EXIT
`;
}
