import { quote, raw, sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import { serviceFunctions } from '../arm.ts';
import { lastLines } from '../prepare.ts';
import { archiveCommand, configPath, homeOf, installConfig, restoreConfigPath, stanza } from '../repository.ts';
import { runSql } from '../server.ts';
import type { Layout, Place } from './places.ts';
import { findLayout, freshOf, getLayout, markerFile, planPath, privateDirectory, setAsideOf } from './places.ts';

const SWAPPED_BACK = 5;

const recoverySettings = [
  'restore_command',
  'recovery_target',
  'recovery_target_time',
  'recovery_target_inclusive',
  'recovery_target_action',
  'recovery_target_timeline',
];

/**
 * Exchanges the directories by renaming, with the server stopped, and starts it: one detached script, so that
 * it goes to its end whatever happens to the link, and swaps back by itself when the restored data does not start.
 * Each step looks at what is there, so that a second run goes on where the first was cut off.
 */
export async function swap(context: EngineContext, request: RestoreRequest): Promise<void> {
  const layout = await getLayout(context, request);
  const { host, database } = context;
  const next = { ...context, repository: { ...context.repository, generation: request.newGeneration, key: request.newKey } };
  const place = {
    path: configPath(database.id, request.newGeneration),
    dataDirectory: layout.server.dataDirectory,
    purpose: 'archive' as const,
  };
  await host.run(installConfig(next, layout.server, place));
  const script = `${functions(context, request, layout)}
if is_restored && is_serving; then exit 0; fi
set +e
( set -e; stop_server; to_restored; start_server || is_running; wait_until_serving )
code=$?
[ $code != 0 ] || exit 0
tail -n 20 "$(ls -t /var/log/postgresql/*.log 2>/dev/null | head -n 1)" 2>/dev/null
( set -e; stop_server; to_former; start_server || is_running; wait_until_serving )
code=$?
[ $code = 0 ] || { echo "and swapping back ended with $code"; exit 1; }
exit ${SWAPPED_BACK}
`;
  const { exitCode, log } = await host.runJob({ scope: database.id, id: `swap-${request.restoreId}`, script }, { signal: context.signal });
  if (exitCode === SWAPPED_BACK) throw new TidemarkError('restore-swapped-back', `the restored data did not start: ${lastLines(log, 6)}`);
  if (exitCode !== 0)
    throw new TidemarkError('host-command-failed', `the exchange of the directories ended with ${exitCode}: ${lastLines(log, 6)}`);
  await runSql(
    host,
    layout.server,
    `${recoverySettings.map((name) => `alter system reset ${name};`).join('\n')}\nselect pg_reload_conf();`,
  );
}

/** Puts the former directories back and starts the server with them; does nothing where nothing was exchanged. */
export async function swapBack(context: EngineContext, request: RestoreRequest): Promise<void> {
  const layout = await findLayout(context, request);
  if (layout === undefined) return;
  const script = `${functions(context, request, layout)}
if needs_former; then stop_server; to_former; fi
start_server
`;
  const { exitCode, log } = await context.host.runJob(
    { scope: context.database.id, id: `swap-back-${request.restoreId}`, script },
    { signal: context.signal },
  );
  if (exitCode !== 0) throw new TidemarkError('host-command-failed', `swapping back ended with ${exitCode}: ${lastLines(log, 6)}`);
}

/** Ends what still runs for this restore and removes the directories of the side that does not serve. */
export async function cleanUp(context: EngineContext, request: RestoreRequest): Promise<void> {
  const layout = await findLayout(context, request);
  await context.host.sweepJobs(context.database.id);
  if (layout === undefined) return;
  const home = homeOf(context.database.id);
  await context.host.run(
    `${functions(context, request, layout)}
end_private
if is_restored; then remove_former; elif ! needs_former; then remove_fresh; else echo 'the former directories are not back' >&2; exit 1; fi
${sh`rm -rf -- ${restoreConfigPath(context.database.id)} ${home}/restore-lock ${home}/restore-spool ${privateDirectory(context)} ${planPath(context, request)}`}
`,
    { timeoutMs: 1_800_000 },
  );
}

/** Shell functions over the places; the marker in a directory says that it is the restored one. */
function functions(context: EngineContext, request: RestoreRequest, layout: Layout): string {
  const { server, places } = layout;
  const each = (line: (place: Place) => string): string => places.map(line).join('\n');
  return `${serviceFunctions(server)}
${sh`id=${request.restoreId} fresh_data=${server.dataDirectory}.tidemark-new
is_marked() { [ "$(cat "$1/${raw(markerFile)}" 2>/dev/null)" = "$id" ]; }
is_restored() { is_marked ${server.dataDirectory}; }
`}
take() { # live, fresh, former: the restored directory into the live one's place
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
${each((place) => `  take ${triple(place)}`)}
${links(server.dataDirectory, places)}
  settings ${quote(server.dataDirectory)}
}
to_former() {
${each((place) => `  give_back ${triple(place)}`)}
${links(server.dataDirectory, places)}
}
needs_former() {
${each((place) => sh`  if [ -e ${setAsideOf(place)} ]; then return 0; fi`)}
  return 1
}
remove_former() {
${each((place) => sh`  rm -rf -- ${setAsideOf(place)}; rm -f -- ${place.live}/${raw(markerFile)}`)}
}
remove_fresh() {
${each((place) => sh`  rm -rf -- ${freshOf(place)}`)}
}
end_private() { [ ! -f "$fresh_data/postmaster.pid" ] || runuser -u "$owner" -- "$bin/pg_ctl" -D "$fresh_data" -w -m immediate stop >/dev/null || true; }
${settingsFunction(context, request, layout)}
${sh`is_serving() { [ "$(cd / && runuser -u "$owner" -- "$bin/psql" -XAtq -h ${server.socketDirectory} -p ${server.port} -d postgres -c 'select pg_is_in_recovery()' 2>/dev/null)" = f ]; }
wait_until_serving() {
  local try
  for try in $(seq 1200); do
    if is_serving; then return 0; fi
    if ! is_running; then return 1; fi
    sleep 0.5
  done
  return 1
}
`}`;
}

/** Every `pg_tblspc` link of the live data directory points to its tablespace's own place. */
function links(dataDirectory: string, places: readonly Place[]): string {
  return places
    .flatMap((place) =>
      place.tablespace === undefined ? [] : [{ target: place.live, link: `${dataDirectory}/pg_tblspc/${place.tablespace.oid}` }],
    )
    .map(({ target, link }) => sh`  ln -sfn ${target} ${link}; chown -h "$owner" ${link}`)
    .join('\n');
}

function triple(place: Place): string {
  return sh`${place.live} ${freshOf(place)} ${setAsideOf(place)}`;
}

/**
 * What the restored server starts with: it recovers from the old generation, promotes, and archives into the
 * new one, so that two timelines never meet in one repository. The last setting of a name counts.
 */
function settingsFunction(context: EngineContext, request: RestoreRequest, { server }: Layout): string {
  const fetch = `pgbackrest --config=${restoreConfigPath(context.database.id)} --stanza=${stanza} --pg1-path=${server.dataDirectory} archive-get %f "%p"`;
  return `settings() {
  sed -i '/^# for the restore/,$d' "$1/postgresql.auto.conf"
  cat >> "$1/postgresql.auto.conf" <<'TIDEMARK'
# for the restore ${request.restoreId}
restore_command = '${fetch}'
recovery_target_action = 'promote'
archive_mode = 'on'
archive_command = '${archiveCommand(context.database.id, request.newGeneration)}'
archive_timeout = '60s'
TIDEMARK
}`;
}
