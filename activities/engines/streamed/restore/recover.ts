import { Readable } from 'node:stream';
import { raw, sh } from '#activities/hosts/script.ts';
import { readObjects } from '#activities/streams/sealed.ts';
import { TidemarkError } from '#domain/errors.ts';
import { numberOf } from '../../binlog/next-files.ts';
import type { LogRecord } from '../../binlog/record.ts';
import type { ReplayPlan } from '../../binlog/replay-plan.ts';
import { lastLines } from '../../log-lines.ts';
import { readChain } from '../../manifest.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import { freshOf, getLayout } from '../../restore/places.ts';
import type { StreamedData } from '../backup-grammar.ts';
import type { Dialect } from '../dialect.ts';
import type { Layout } from './layout.ts';
import { beganMark } from './layout.ts';
import { build } from './build.ts';
import { privateFunctions } from './private-server.ts';
import { readReplay } from './replay.ts';

const NOT_REACHED = 4;

/**
 * Starts the new directory on a private server (no network, no binary log, nothing can write), replays the binary logs up to the
 * cut as its relay logs, compares where it stopped with the plan, and gives it a line of GTIDs and log names of its own.
 */
export async function recover(context: EngineContext, dialect: Dialect, request: RestoreRequest): Promise<void> {
  const layout = await getLayout<Layout>(context, request);
  const chain = await readChain<StreamedData>(context, request);
  const plan = await readReplay(context, dialect, request, chain);
  await beginAnew(context, dialect, request, layout);
  if (plan !== undefined && plan.records.length > 0) await fetchLogs(context, layout, plan.records);
  const job = {
    scope: context.database.id,
    id: `recover-${request.restoreId}`,
    script: recoverScript(context, dialect, layout, { plan, settings: chain.at(-1)?.data.settings ?? {} }),
  };
  const { exitCode, log } = await context.host.runJob(job, { signal: context.signal });
  if (exitCode === NOT_REACHED) throw new TidemarkError('target-not-reached', `the replay ended elsewhere: ${lastLines(log)}`);
  if (exitCode !== 0) throw new TidemarkError('target-not-reached', `the private server failed (${exitCode}): ${lastLines(log)}`);
}

/** Logs must not be replayed twice: where an earlier attempt has begun to, the directory is built again first. */
async function beginAnew(context: EngineContext, dialect: Dialect, request: RestoreRequest, layout: Layout): Promise<void> {
  const mark = beganMark(layout);
  await context.host.sweepJobs(context.database.id);
  const began = await context.host.run(sh`[ ! -e ${mark} ] || echo yes`);
  if (began.trim() === 'yes') await build(context, dialect, request);
  await context.host.run(sh`touch ${mark}`);
}

/** A server takes what lies beside its data under these names for what it was sent by another one. */
function relayName(file: string): string {
  return `relay.${String(numberOf(file)).padStart(6, '0')}`;
}

function relayPath(layout: Layout): string {
  return `${freshOf(layout.places[0] ?? { live: layout.server.dataDirectory })}-logs`;
}

async function fetchLogs(context: EngineContext, layout: Layout, records: readonly LogRecord[]): Promise<void> {
  const { repository, database, signal } = context;
  const directory = relayPath(layout);
  const { owner, group } = layout.server;
  await context.host.run(sh`rm -rf -- ${directory}; install -d -m 0700 -o ${owner} -g ${group} ${directory}`, { timeoutMs: 600_000 });
  for (const [index, { file, object, sizeBytes }] of records.entries()) {
    const source = Readable.from(readObjects(repository, [object], { signal }), { objectMode: false });
    const path = `${directory}/${relayName(file)}`;
    const script = sh`zstd -q -dc > ${path}
[ "$(stat -c %s -- ${path})" = ${sizeBytes} ] || { echo 'the binary log '${file}' has another size' >&2; exit 1; }
chown ${owner}:${group} ${path}
echo ${`./${relayName(file)}`} >> ${`${directory}/relay.index`}
`;
    await context.host.writeStream(script, source, { scope: database.id, id: `log-${file}`, signal });
    context.report(index + 1, records.length);
  }
}

function recoverScript(
  context: EngineContext,
  dialect: Dialect,
  layout: Layout,
  { plan, settings }: { readonly plan: ReplayPlan | undefined; readonly settings: Readonly<Record<string, string | number>> },
): string {
  const { restore } = dialect;
  return `${privateFunctions(context, dialect, layout, settings)}
start_private --skip-log-bin
${restore.settleCopy}
stop_private
${plan === undefined || plan.records.length === 0 ? '' : replayScript(dialect, layout, plan)}
${restore.newGeneration(layout)}
`;
}

/** The state is asked for all the time: a replay has ended when its thread stopped by itself and without an error, where it should. */
function replayScript({ restore }: Dialect, layout: Layout, plan: ReplayPlan): string {
  const { columns, statusSql, resetSql } = restore;
  const end = `${relayName(plan.end.file)}:${plan.end.position}`;
  const relayed: ReplayPlan = {
    ...plan,
    start: { ...plan.start, file: relayName(plan.start.file) },
    end: { ...plan.end, file: relayName(plan.end.file) },
  };
  return sh`mv -- ${relayPath(layout)}/* "$fresh"/
rmdir -- ${relayPath(layout)}
chown "$owner:$group" "$fresh"/relay.index
start_private --skip-log-bin --relay-log=relay --relay-log-index=relay.index --relay-log-purge=0
column() { sed -n "s/^ *$1: //p" <<<"$state" | head -n 1; }
sql ${raw(quoteSql(restore.replaySql(relayed)))}
while :; do
  state=$(show ${statusSql})
  # the error's text would tell the statement, and what it holds
  [ "$(column ${columns.error})" = 0 ] || { echo "error $(column ${columns.error}) at $(column ${columns.file}):$(column ${columns.position})"; exit ${NOT_REACHED}; }
  [ "$(column ${columns.running})" != No ] || break
  sleep 0.2
done
reached=$(column ${columns.file}):$(column ${columns.position})
[ "$reached" = ${end} ] || { echo "it ended at $reached, and the plan is "${end}; exit ${NOT_REACHED}; }
sql ${resetSql}
stop_private
rm -f -- "$fresh"/relay.* "$fresh"/relay-log.info "$fresh"/master.info
`;
}

/** SQL of several lines as one word of the shell. */
function quoteSql(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
