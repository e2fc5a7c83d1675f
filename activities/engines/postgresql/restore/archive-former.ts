import { raw, sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import { stanza } from '#domain/repository.ts';
import { homeOf } from '../../home.ts';
import type { EngineContext, LogMark, RestoreRequest } from '../../port.ts';
import { findLayout, isExchanged, setAsideOf } from '../../restore/places.ts';
import { configPath } from '../repository.ts';
import { parseSegment } from '../wal.ts';
import type { Layout } from './layout.ts';

/** When the last commit was made on our account, in milliseconds since the epoch by the server's clock. */
export function endMark(context: EngineContext): string {
  return `${homeOf(context.database.id)}/end-of-former`;
}

/**
 * A server that is stopped closes its segment and archives what is left, but gives up where the bucket does not answer: those are
 * marked ready, and pushed here. The shutdown checkpoint lies in the segment after the last one that holds a commit. Undefined also
 * where the server could not be asked for a last commit: its logs are archived, and no moment after the last mark can be asked for.
 */
export async function archiveFormer(context: EngineContext, request: RestoreRequest): Promise<LogMark | undefined> {
  const layout = await findLayout<Layout>(context, request);
  if (layout === undefined || !(await isExchanged(context, request, layout))) return undefined;
  const { server, facts } = layout;
  const directory = setAsideOf(layout.places[0] ?? { live: server.dataDirectory });
  const { id } = context.database;
  const output = await context.host.run(
    sh`cd -- ${directory}/pg_wal
for ready in archive_status/*.ready; do
  [ -e "$ready" ] || continue
  name=$(basename "$ready" .ready)
  runuser -u ${server.owner} -- pgbackrest --config=${configPath(id, context.repository.generation)} --stanza=${raw(stanza)} \
    --log-level-console=warn --no-archive-async --pg1-path=${directory} archive-push ${directory}/pg_wal/"$name" >&2
  mv -- "$ready" "archive_status/$name.done"
done
control=$(${server.binDirectory}/pg_controldata ${directory})
value() { sed -n "s/^$1: *//p" <<<"$control"; }
value 'Database cluster state'
value "Latest checkpoint's REDO WAL file"
cat ${endMark(context)} 2>/dev/null || true
`,
    { timeoutMs: 600_000 },
  );
  const [state, segment = '', endedAt] = output.trimEnd().split('\n');
  if (state !== 'shut down')
    throw new TidemarkError(
      'log-torn',
      `the former server in ${directory} was not shut down but ${state}: its last WAL segment (${segment} or later) was not closed`,
    );
  // a second is taken off, as in `flushLogs`
  return endedAt === undefined
    ? undefined
    : { sequence: parseSegment(segment, facts.segmentBytes).sequence - 1, coversUntil: new Date(Number(endedAt) - 1000) };
}
