import { raw, sh } from '#activities/hosts/script.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import type { Exchange } from '../../restore/exchange.ts';
import { findLayout, freshOf, getLayout, privateDirectory } from '../../restore/places.ts';
import { exchangeBack, exchangeDirectories, removeLeftovers } from '../../restore/swap.ts';
import type { Dialect } from '../dialect.ts';
import { clientCommand } from '../server.ts';
import { serviceOf } from '../service.ts';
import type { Layout } from './layout.ts';
import { beganMark } from './layout.ts';

export async function swap(context: EngineContext, dialect: Dialect, request: RestoreRequest): Promise<void> {
  const layout = await getLayout<Layout>(context, request);
  await exchangeDirectories(context, request, exchangeOf(context, dialect, layout));
  await context.host.run(dialect.restore.afterStart(layout));
}

export async function swapBack(context: EngineContext, dialect: Dialect, request: RestoreRequest): Promise<void> {
  const layout = await findLayout<Layout>(context, request);
  if (layout !== undefined) await exchangeBack(context, request, exchangeOf(context, dialect, layout));
}

export async function cleanUp(context: EngineContext, dialect: Dialect, request: RestoreRequest): Promise<void> {
  const layout = await findLayout<Layout>(context, request);
  await context.host.sweepJobs(context.database.id);
  if (layout !== undefined) await removeLeftovers(context, request, exchangeOf(context, dialect, layout));
}

function exchangeOf(context: EngineContext, dialect: Dialect, layout: Layout): Exchange {
  const { server, places } = layout;
  const [data = { live: server.dataDirectory }] = places;
  const fresh = freshOf(data);
  return {
    service: serviceOf(dialect, server),
    places,
    functions: sh`is_serving() { [ "$(${raw(clientCommand(dialect, server.socket))} --connect-timeout=5 -e 'select 1' 2>/dev/null)" = 1 ]; }
settle() {
  local name
  [ -d "$live_data" ] || return 0
  for name in ${dialect.restore.keptFiles}; do
    for file in "$live_data"/$name; do [ ! -f "$file" ] || cp -p -- "$file" "$1"/; done
  done
}
end_private() {
  local pid; pid=$(cat ${privateDirectory(context)}/pid 2>/dev/null) || return 0
  [ -n "$pid" ] && tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -- ${`--datadir=${fresh}`} || return 0
  kill -KILL "$pid" 2>/dev/null || true
}`,
    leftovers: [`${fresh}-incremental`, `${fresh}-logs`, beganMark(layout)],
  };
}
