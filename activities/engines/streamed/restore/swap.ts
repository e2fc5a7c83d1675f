import { basename } from 'node:path/posix';
import { raw, sh } from '#activities/hosts/script.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import { endExchange, undoExchange } from '../../restore/ends.ts';
import type { Exchange } from '../../restore/exchange.ts';
import { freshOf, getLayout, privateDirectory } from '../../restore/places.ts';
import { exchangeDirectories } from '../../restore/swap.ts';
import { ancestryFile } from '../ancestry.ts';
import type { Dialect } from '../dialect.ts';
import { clientCommand } from '../server.ts';
import { serviceOf } from '../service.ts';
import type { Layout } from './layout.ts';
import { beganMark } from './layout.ts';
import { loginFiles } from './private-server.ts';

export async function swap(context: EngineContext, dialect: Dialect, request: RestoreRequest): Promise<void> {
  const layout = await getLayout<Layout>(context, request);
  await exchangeDirectories(context, request, exchangeOf(context, dialect, layout));
  await context.host.run(dialect.restore.afterStart(layout));
}

export async function swapBack(context: EngineContext, dialect: Dialect, request: RestoreRequest): Promise<void> {
  await undoExchange<Layout>(context, request, (layout) => exchangeOf(context, dialect, layout));
}

export async function cleanUp(context: EngineContext, dialect: Dialect, request: RestoreRequest): Promise<void> {
  await endExchange<Layout>(context, request, (layout) => exchangeOf(context, dialect, layout));
}

/** Data, its logs, what names a running process, and of which backups it was the source, as a pattern of `case`. */
function patterns({ restore }: Dialect, { facts }: Layout): string {
  const logs = facts.logBasename === null ? [] : [`${basename(facts.logBasename)}.*`];
  return [...restore.dataFiles, ...logs, '*relay*', '*.pid', '*.sock', '*.sock.lock', `${ancestryFile}*`]
    .map((name) => name.replaceAll(/[^\w.*-]/g, '\\$&'))
    .join('|');
}

/** One of these is in every directory of a database that has tables; exports beside the databases are called otherwise. */
const tableFiles = String.raw`.*/(db\.opt|[^/]*\.(ibd|frm|sdi|MY[DI]|MA[DI]|CSM|ARZ|MRG))`;

function exchangeOf(context: EngineContext, dialect: Dialect, layout: Layout): Exchange {
  const { server, places } = layout;
  const [data = { live: server.dataDirectory }] = places;
  const fresh = freshOf(data);
  return {
    service: serviceOf(dialect, server),
    places,
    functions: sh`is_serving() { # who refuses a login serves: root's password may be the one of the backup's time
  local said
  said=$(${raw(clientCommand(dialect, server.socket))} --connect-timeout=5 -e 'select 1' 2>&1) || [[ $said == *'(28000)'* ]]
}
is_starting() { false; } # it tells nobody
is_foreign() { # a directory that is no database's, and holds something
  [ -n "$(find "$1" -mindepth 1 -print -quit)" ] && [ -z "$(find "$1" -maxdepth 1 -type f -regextype posix-extended -regex ${tableFiles} -print -quit)" ]
}
settle() {
  local file name
  [ -d "$live_data" ] || return 0
  chmod --reference="$live_data" -- "$1"
  for file in "$live_data"/* "$live_data"/.[!.]*; do
    name=\${file##*/}
    if [ ! -e "$file" ] || [ -e "$1/$name" ]; then continue; fi
    if [ -d "$file" ] && [[ $name != .* ]]; then
      [[ $name != '#'* ]] && is_foreign "$file" || continue
    else
      case "$name" in ${raw(patterns(dialect, layout))}) continue ;; esac
    fi
    # whole or not at all: a second run takes what is there for carried over
    rm -rf -- "$1"/.tidemark-carried
    cp -al -- "$file" "$1"/.tidemark-carried
    mv -T -- "$1"/.tidemark-carried "$1/$name"
  done
}
note_end() { :; } # the last binary log's own end tells
end_private() {
  local pid; pid=$(cat ${privateDirectory(context)}/pid 2>/dev/null) || return 0
  [ -n "$pid" ] && tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -- ${`--datadir=${fresh}`} || return 0
  kill -KILL "$pid" 2>/dev/null || true
}`,
    leftovers: [...loginFiles(context), `${fresh}-incremental`, `${fresh}-logs`, beganMark(layout)],
  };
}
