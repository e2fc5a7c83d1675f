import { quote, raw, sh } from '#activities/hosts/script.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import { archiveCommand, homeOf, restoreConfigPath, stanza } from '../repository.ts';
import { serviceFunctions } from '../service.ts';
import type { Layout, Place } from './places.ts';
import { freshOf, markerFile, setAsideOf } from './places.ts';

/**
 * Shell functions over the places of a restore. The marker in a directory says that it is the restored one. The live
 * data directory moves out first and the other one moves in last: at no moment could a server start on a mixture.
 */
export function exchangeFunctions(context: EngineContext, request: RestoreRequest, layout: Layout): string {
  const { server, places } = layout;
  const tablespaces = places.filter((place) => place.tablespace !== undefined);
  const [data = { live: server.dataDirectory }] = places;
  const each = (of: readonly Place[], line: (place: Place) => string): string => of.map(line).join('\n');
  return `${serviceFunctions(server)}
${sh`id=${request.restoreId} live_data=${data.live} fresh_data=${freshOf(data)} former_data=${setAsideOf(data)}
is_marked() { [ "$(cat "$1/${raw(markerFile)}" 2>/dev/null)" = "$id" ]; }
is_restored() { is_marked "$live_data"; }
`}
take() { # live, fresh, former
  if is_marked "$1"; then return; fi
  is_marked "$2"
  if [ -e "$1" ]; then mv -T -- "$1" "$3"; fi
  mv -T -- "$2" "$1"
}
give_back() { # live, fresh, former
  if [ ! -e "$3" ]; then return; fi
  if [ -e "$1" ]; then mv -T -- "$1" "$2"; fi
  mv -T -- "$3" "$1"
}
to_restored() {
  if is_restored; then return; fi
  is_marked "$fresh_data"
  settings "$fresh_data"
  sync
  if [ -e "$live_data" ]; then mv -T -- "$live_data" "$former_data"; fi
${each(tablespaces, (place) => `  take ${triple(place)}`)}
${each(tablespaces, (place) => sh`  ln -sfn ${place.live} "$fresh_data"/pg_tblspc/${place.tablespace?.oid ?? 0}; chown -h "$owner" "$fresh_data"/pg_tblspc/${place.tablespace?.oid ?? 0}`)}
  mv -T -- "$fresh_data" "$live_data"
  sync
}
to_former() {
  if [ -e "$former_data" ] && [ -e "$live_data" ]; then mv -T -- "$live_data" "$fresh_data"; fi
${each(tablespaces, (place) => `  give_back ${triple(place)}`)}
  if [ -e "$former_data" ]; then mv -T -- "$former_data" "$live_data"; fi
  sync
}
needs_former() {
${each(places, (place) => sh`  if [ -e ${setAsideOf(place)} ]; then return 0; fi`)}
  return 1
}
remove_former() {
${each(places, (place) => sh`  rm -rf -- ${setAsideOf(place)}`)}
${each(places.toReversed(), (place) => sh`  rm -f -- ${place.live}/${raw(markerFile)}`)}
}
remove_fresh() {
${each(places, (place) => sh`  rm -rf -- ${freshOf(place)}`)}
}
${servingFunctions(context, layout)}
${settingsFunction(context, request, layout)}
`;
}

function servingFunctions(context: EngineContext, { server }: Layout): string {
  return `${sh`# One script at a time; the server that it starts must not inherit the lock.
alone() { exec 9>${homeOf(context.database.id)}/exchange; flock 9; }
start_server() { is_running || control start 9>&-; }
is_serving() { [ "$(as_owner "$bin/psql" -XAtq -h ${server.socketDirectory} -p ${server.port} -d postgres -c 'select pg_is_in_recovery()' 2>/dev/null)" = f ]; }
`}end_private() {
  local pid; pid=$(sed -n 1p "$fresh_data/postmaster.pid" 2>/dev/null) || return 0
  [ "$(as_owner readlink "/proc/$pid/cwd")" != "$fresh_data" ] || as_owner "$bin/pg_ctl" -D "$fresh_data" -w -m immediate stop >/dev/null
}
wait_until_serving() {
  local try
  for try in $(seq 1200); do
    if is_serving; then return 0; fi
    if ! is_running; then return 1; fi
    sleep 0.5
  done
  return 1
}
`;
}

function triple(place: Place): string {
  return [place.live, freshOf(place), setAsideOf(place)].map(quote).join(' ');
}

/**
 * What the restored server starts with: it recovers from the old generation, promotes, and archives into the
 * new one, so that two timelines never meet in one repository. The last setting of a name counts.
 */
function settingsFunction(context: EngineContext, request: RestoreRequest, { server }: Layout): string {
  const read = `pgbackrest --config=${restoreConfigPath(context.database.id)} --stanza=${stanza} --log-level-console=warn`;
  return `settings() {
  sed -i '/^# for the restore/,$d' "$1/postgresql.auto.conf"
  cat >> "$1/postgresql.auto.conf" <<'TIDEMARK'
# for the restore ${request.restoreId}
restore_command = '${read} --pg1-path=${server.dataDirectory} archive-get %f "%p"'
recovery_target_action = 'promote'
archive_mode = 'on'
archive_command = '${archiveCommand(context.database.id, request.newGeneration)}'
archive_timeout = '60s'
TIDEMARK
}`;
}
