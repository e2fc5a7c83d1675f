import { raw, sh } from '#activities/hosts/script.ts';
import { stanza } from '#domain/repository.ts';
import { homeOf } from '../../home.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import { endExchange, undoExchange } from '../../restore/ends.ts';
import type { Exchange } from '../../restore/exchange.ts';
import { getLayout } from '../../restore/places.ts';
import { exchangeDirectories } from '../../restore/swap.ts';
import { archiveCommand, archivePlace, installConfig, restoreConfigPath } from '../repository.ts';
import { runSql } from '../server.ts';
import { serviceOf } from '../service.ts';
import { endMark } from './archive-former.ts';
import type { Layout } from './layout.ts';

const recoverySettings = [
  'restore_command',
  'recovery_target',
  'recovery_target_time',
  'recovery_target_inclusive',
  'recovery_target_action',
  'recovery_target_timeline',
  'hot_standby',
];

export async function swap(context: EngineContext, request: RestoreRequest): Promise<void> {
  const layout = await getLayout<Layout>(context, request);
  const { host, database } = context;
  const next = { ...context, repository: { ...context.repository, generation: request.newGeneration, key: request.newKey } };
  await host.run(installConfig(next, layout.server, archivePlace(database.id, request.newGeneration, layout.server.dataDirectory)));
  await exchangeDirectories(context, request, exchangeOf(context, request, layout));
  const resets = recoverySettings.map((name) => `alter system reset ${name};`).join('\n');
  await runSql(host, layout.server, `${resets}\nselect pg_reload_conf();`);
}

export async function swapBack(context: EngineContext, request: RestoreRequest): Promise<void> {
  await undoExchange<Layout>(context, request, (layout) => exchangeOf(context, request, layout));
}

export async function cleanUp(context: EngineContext, request: RestoreRequest): Promise<void> {
  await endExchange<Layout>(context, request, (layout) => exchangeOf(context, request, layout));
}

function exchangeOf(context: EngineContext, request: RestoreRequest, layout: Layout): Exchange {
  const home = homeOf(context.database.id);
  return {
    service: serviceOf(layout.server),
    places: layout.places,
    functions: functionsOf(context, request, layout),
    leftovers: [endMark(context), restoreConfigPath(context.database.id), `${home}/restore-lock`, `${home}/restore-spool`],
  };
}

/**
 * What the restored server starts with: it recovers from the old generation (nobody reads meanwhile, so that settings that were
 * raised since the base are no obstacle), promotes, and archives into the
 * new one, so that two timelines never meet in one repository. The last setting of a name counts.
 */
function functionsOf(context: EngineContext, request: RestoreRequest, { server, places }: Layout): string {
  const read = `pgbackrest --config=${restoreConfigPath(context.database.id)} --stanza=${stanza} --log-level-console=warn`;
  return `${sh`is_serving() { [ "$(as_owner "$bin/psql" -XAtq -h ${server.socketDirectory} -p ${server.port} -d postgres -c 'select pg_is_in_recovery()' 2>/dev/null)" = f ]; }
is_starting() { [ "$(as_owner "$bin/pg_isready" -q -h ${server.socketDirectory} -p ${server.port}; echo $?)" = 1 ]; }
# A recovery stops only at a commit after its target: this one makes every moment before it one that can be asked for.
note_end() {
  local at; at=$(as_owner "$bin/psql" -XAtq -h ${server.socketDirectory} -p ${server.port} -d postgres \
    -c 'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint' -c 'select from pg_current_xact_id()') || return 0
  echo "$at" | head -n 1 > ${endMark(context)}
}
`}end_private() {
  local pid; pid=$(sed -n 1p "$fresh_data/postmaster.pid" 2>/dev/null) || return 0
  [ -n "$pid" ] && [ "$(as_owner readlink "/proc/$pid/cwd" 2>/dev/null)" = "$fresh_data" ] || return 0
  as_owner "$bin/pg_ctl" -D "$fresh_data" -w -m immediate stop >/dev/null
}
settle() {
  sed -i '/^# for the restore/,$d' "$1/postgresql.auto.conf"
  cat >> "$1/postgresql.auto.conf" <<'TIDEMARK'
# for the restore ${request.restoreId}
restore_command = '${read} --pg1-path=${server.dataDirectory} archive-get %f "%p"'
recovery_target_action = 'promote'
hot_standby = 'off'
archive_mode = 'on'
archive_command = '${archiveCommand(context.database.id, request.newGeneration)}'
archive_timeout = '60s'
TIDEMARK
${places
  .flatMap(({ live, tablespace }) =>
    tablespace === undefined
      ? []
      : [
          sh`  ln -sfn ${live} "$1"/pg_tblspc/${raw(String(tablespace.oid))}; chown -h "$owner" "$1"/pg_tblspc/${raw(String(tablespace.oid))}`,
        ],
  )
  .join('\n')}
}`;
}
