import { basename } from 'node:path/posix';
import { sh } from '#activities/hosts/script.ts';
import type { EngineContext, LogMark, RestoreRequest } from '../../port.ts';
import { findLayout, isExchanged, setAsideOf } from '../../restore/places.ts';
import { isArmed } from '../arm.ts';
import type { Dialect } from '../dialect.ts';
import { archiveFiles } from '../logs.ts';
import type { Layout } from './layout.ts';

/** The last binary log ends with the server's stop, after every commit: it covers all that there was. */
export async function archiveFormer(context: EngineContext, dialect: Dialect, request: RestoreRequest): Promise<LogMark | undefined> {
  const layout = await findLayout<Layout>(context, request);
  if (layout === undefined || layout.facts.logBasename === null || !(await isArmed(context))) return undefined;
  if (!(await isExchanged(context, request, layout))) return undefined;
  const directory = setAsideOf(layout.places[0] ?? { live: layout.server.dataDirectory });
  const index = `${basename(layout.facts.logBasename)}.index`;
  const output = await context.host.run(sh`cd -- ${directory}
names=$(sed 's|^.*/||' ${index})
printf '%s\n' "$names"
stat -c %.3Y -- "$(tail -n 1 <<<"$names")"
`);
  const lines = output.trimEnd().split('\n');
  const endedAt = Math.floor(Number(lines.pop()) * 1000);
  return await archiveFiles(context, dialect, {
    directory,
    names: lines,
    server: layout.facts.uuid,
    coversUntil: new Date(endedAt),
    closedBefore: endedAt,
  });
}
