import { Readable } from 'node:stream';
import { sh } from '#activities/hosts/script.ts';
import { readObjects } from '#activities/streams/sealed.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { ReplayPlan } from '../../binlog/replay-plan.ts';
import { lastLines } from '../../log-lines.ts';
import { readChain } from '../../manifest.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import { getLayout } from '../../restore/places.ts';
import type { StreamedData } from '../backup-grammar.ts';
import type { Dialect } from '../dialect.ts';
import type { Layout } from './layout.ts';
import { beganMark } from './layout.ts';
import { build } from './build.ts';
import { privateFunctions } from './private-server.ts';
import { fetchProgress, replayProgress } from './progress.ts';
import type { ReplayWay } from './replay-scripts.ts';
import { progressScript, relayName, relayOptions, relayPath, REPLAY_FAILED, replayScript } from './replay-scripts.ts';
import { readReplay } from './replay.ts';

/**
 * Starts the new directory on a private server (no network, no binary log, nothing can write), replays the binary logs up to the
 * cut as its relay logs, compares where it stopped with the plan, and gives it a line of GTIDs and log names of its own. Where the
 * server does not replay them so, the directory is built again and they are piped in.
 */
export async function recover(context: EngineContext, dialect: Dialect, request: RestoreRequest): Promise<void> {
  const layout = await getLayout<Layout>(context, request);
  const chain = await readChain<StreamedData>(context, request);
  const plan = await readReplay(context, dialect, request, chain);
  const settings = chain.at(-1)?.data.settings ?? {};
  const onProgress = (printed: string): void => {
    const progress = plan === undefined ? undefined : replayProgress(plan, printed);
    if (progress !== undefined) context.report(progress.done, progress.total);
  };
  const failures: string[] = [];
  for (const way of ['relay', 'pipe'] as const) {
    await beginAnew(context, dialect, request, layout);
    if (plan !== undefined && plan.records.length > 0) await fetchLogs(context, layout, plan);
    const script = recoverScript(context, dialect, layout, { plan, settings, way });
    const job = { scope: context.database.id, id: `recover-${request.restoreId}`, script, progress: progressScript(context, dialect, way) };
    const { exitCode, log } = await context.host.runJob(job, { signal: context.signal, onProgress });
    if (exitCode === 0) return;
    if (log.includes('No space left on device')) throw new TidemarkError('disk-full', `the replay failed: ${lastLines(log)}`);
    if (exitCode !== REPLAY_FAILED)
      throw new TidemarkError('target-not-reached', `the recovery in private failed (${exitCode}): ${lastLines(log)}`);
    failures.push(lastLines(log));
  }
  throw new TidemarkError('target-not-reached', `the replay failed: ${failures.join('; and piped: ')}`);
}

/** Logs must not be replayed twice: where an earlier attempt has begun to, the directory is built again first. */
async function beginAnew(context: EngineContext, dialect: Dialect, request: RestoreRequest, layout: Layout): Promise<void> {
  const mark = beganMark(layout);
  await context.host.sweepJobs(context.database.id);
  const began = await context.host.run(sh`[ ! -e ${mark} ] || echo yes`);
  if (began.trim() === 'yes') await build(context, dialect, request);
  await context.host.run(sh`touch ${mark}`);
}

async function fetchLogs(context: EngineContext, layout: Layout, plan: ReplayPlan): Promise<void> {
  const { repository, database, signal } = context;
  const directory = relayPath(layout);
  const { owner, group } = layout.server;
  await context.host.run(sh`rm -rf -- ${directory}; install -d -m 0700 -o ${owner} -g ${group} ${directory}`, { timeoutMs: 600_000 });
  for (const [index, { file, object, sizeBytes }] of plan.records.entries()) {
    const source = Readable.from(readObjects(repository, [object], { signal }), { objectMode: false });
    const path = `${directory}/${relayName(file)}`;
    const script = sh`zstd -q -dc > ${path}
[ "$(stat -c %s -- ${path})" = ${sizeBytes} ] || { echo 'the binary log '${file}' has another size' >&2; exit 1; }
chown ${owner}:${group} ${path}
echo ${`./${relayName(file)}`} >> ${`${directory}/relay.index`}
`;
    await context.host.writeStream(script, source, { scope: database.id, id: `log-${file}`, signal });
    const { done, total } = fetchProgress(plan, index + 1);
    context.report(done, total);
  }
}

function recoverScript(
  context: EngineContext,
  dialect: Dialect,
  layout: Layout,
  {
    plan,
    settings,
    way,
  }: {
    readonly plan: ReplayPlan | undefined;
    readonly settings: Readonly<Record<string, string | number>>;
    readonly way: ReplayWay;
  },
): string {
  const { restore } = dialect;
  return `${privateFunctions(context, dialect, layout, settings)}
start_private --skip-log-bin ${relayOptions(way)}
${sh`sql ${restore.resetSql}`}
${plan === undefined || plan.records.length === 0 ? '' : replayScript(dialect, layout, plan, way)}
${restore.newGeneration(layout)}
`;
}
