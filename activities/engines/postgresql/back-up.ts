import { TidemarkError } from '#domain/errors.ts';
import type { BackupOutcome, BackupRequest, EngineContext, HostContext } from '../port.ts';
import { createStanza, deploy } from './arm.ts';
import { findArchiveFailure, repositoryError } from './failures.ts';
import type { BackupInfo } from './info.ts';
import { annotation, findBackupInfo, listBackupInfo, sourceAnnotation } from './info.ts';
import { standbyName, withStandby } from './standby.ts';
import type { BridgeEnd } from './bridge.ts';
import { findBrokenObjects } from './prove.ts';
import { homeOf, removeHome } from '../home.ts';
import { writeManifest } from '../manifest.ts';
import { pgbackrest } from './repository.ts';
import type { Server, ServerFacts } from './server.ts';
import { findRunningServer, readFacts } from './server.ts';
import { parseSegment } from './wal.ts';

/** A full or block-level incremental by pgBackRest, run detached on the host, then proven object by object. */
export async function backUp(context: EngineContext, request: BackupRequest): Promise<BackupOutcome> {
  const server = await findRunningServer(context);
  const facts = await readFacts(context.host, server);
  const config = await deploy(context, server, facts);
  const before = await listOrCreate(context, server, config);
  const finished = before.find((info) => info.annotation?.[annotation] === request.backupId);
  if (finished !== undefined) await forgetAttempt(context, request);
  const lost = finished === undefined ? await whyParentIsLost(context, server, config, before, request.parentLabel) : undefined;
  const kind = lost === undefined ? request.kind : 'full';
  const primary = { context, server, config, facts };
  const label =
    finished?.label ??
    (await (
      request.replica === undefined
        ? runBackup(primary, `g${context.repository.generation}`, request, kind)
        : withStandby(primary, request.replica, (standby) => runBackup(standby, standbyName, request, kind))
    ).catch((error: unknown) => explain(context, error)));
  const outcome = outcomeOf(await prove(context, server, config, request, label), {
    facts,
    request,
    lost,
    databaseId: context.database.id,
  });
  await writeManifest(context, request.backupId, { engine: 'postgresql', outcome, data: {} });
  return outcome;
}

/** What an attempt has left whose backup was finished, and whose worker died before it had read that. */
async function forgetAttempt({ host, database }: EngineContext, { replica }: BackupRequest): Promise<void> {
  await host.sweepJobs(database.id);
  if (replica !== undefined) await replica.context.host.run(removeHome(replica.context.database.id));
}

/** A repository that was never made, because the store was away just then, is made now. */
async function listOrCreate(context: EngineContext, server: Server, config: string): Promise<BackupInfo[]> {
  const found = await findBackupInfo(context.host, server, config);
  if (found !== undefined) return found;
  await createStanza(context, server, config);
  return listBackupInfo(context.host, server, config);
}

/** What pgBackRest itself does not look at: a parent whose files are gone would make a backup that cannot be restored. */
async function whyParentIsLost(
  context: EngineContext,
  server: Server,
  config: string,
  known: readonly BackupInfo[],
  parentLabel: string | undefined,
): Promise<string | undefined> {
  if (parentLabel === undefined) return undefined;
  const newest = known.at(-1)?.label;
  if (newest !== undefined && newest !== parentLabel && known.some((info) => info.label === parentLabel)) {
    return `the repository holds a newer backup (${newest}) that was never proven`;
  }
  const byLabel = new Map(known.map((info) => [info.label, info]));
  for (let label: string | null = parentLabel; label !== null; label = byLabel.get(label)?.prior ?? null) {
    if (!byLabel.has(label)) return `the parent's metadata (${label}) is missing from the repository`;
    const broken = await findBrokenObjects(context, server, config, label);
    if (broken[0] !== undefined) return `the parent is incomplete in the bucket: ${broken[0]}`;
  }
  return undefined;
}

/** pgBackRest only tells that the WAL did not come; why it did not is known to what pushes it. */
async function explain(context: EngineContext, error: unknown): Promise<never> {
  const isWaiting = error instanceof TidemarkError && error.code === 'archiving-stalled';
  throw (isWaiting ? await findArchiveFailure(context) : undefined) ?? error;
}

/** On the host where the data is read; `name` is its configuration's. */
async function runBackup(
  { context, server, config }: BridgeEnd,
  name: string,
  request: BackupRequest,
  kind: 'full' | 'incremental',
): Promise<string> {
  const job = {
    scope: context.database.id,
    id: `backup-${request.backupId}`,
    script: pgbackrest(
      server,
      config,
      `--type=${kind === 'full' ? 'full' : 'incr'}`,
      `--annotation=${annotation}=${request.backupId}`,
      `--annotation=${sourceAnnotation}=${context.database.id}`,
      'backup',
    ),
    progress: `cat ${homeOf(context.database.id)}/${name}-lock/*-backup-*.lock`,
  };
  const { exitCode, log } = await context.host.runJob(job, { signal: context.signal, onProgress: (output) => reportLock(context, output) });
  if (exitCode !== 0) throw repositoryError(log, `pgBackRest ended with ${exitCode}`);
  const label = /new backup label = (\S+)/.exec(log)?.[1];
  if (label === undefined || !log.includes('backup command end: completed successfully')) {
    throw new TidemarkError('backup-not-proven', 'pgBackRest ended with 0 but did not say that it completed');
  }
  return label;
}

/** pgBackRest keeps its progress in its lock file: {"sz": bytes, "szCplt": bytes}. */
function reportLock(context: HostContext, output: string): void {
  const total = /"sz":(\d+)/.exec(output)?.[1];
  const done = /"szCplt":(\d+)/.exec(output)?.[1];
  if (total !== undefined && done !== undefined) context.report(Number(done), Number(total));
}

/** The repository lists the backup as this one, every object is there, and no page was damaged. */
async function prove(context: EngineContext, server: Server, config: string, request: BackupRequest, label: string): Promise<BackupInfo> {
  const [listed, broken] = await Promise.all([
    listBackupInfo(context.host, server, config),
    findBrokenObjects(context, server, config, label),
  ]);
  const info = listed.find((entry) => entry.label === label && entry.annotation?.[annotation] === request.backupId);
  if (info === undefined) throw new TidemarkError('backup-not-proven', `pgBackRest's repository does not list the backup ${label}`);
  if (broken.length > 0) {
    throw new TidemarkError('backup-not-proven', `the backup ${label} is not whole in the bucket: ${broken.slice(0, 3).join('; ')}`);
  }
  if (info.error === true) {
    throw new TidemarkError(
      'backup-not-proven',
      `the backup ${info.label} holds pages with wrong checksums: the database's own files are damaged. Check its disk, and keep the earlier backups`,
    );
  }
  return info;
}

function outcomeOf(
  info: BackupInfo,
  { facts, request, lost, databaseId }: { facts: ServerFacts; request: BackupRequest; lost: string | undefined; databaseId: string },
): BackupOutcome {
  const kind = info.type === 'full' ? 'full' : 'incremental';
  const reason = lost ?? 'pgBackRest found no parent to build on';
  return {
    kind,
    label: info.label,
    parentLabel: info.prior ?? undefined,
    sourceId: info.annotation?.[sourceAnnotation] ?? databaseId,
    fallbackReason: request.kind === 'incremental' && kind === 'full' ? reason : undefined,
    serverVersion: facts.version,
    // pgBackRest cuts its times to the second, and the backup may have stopped late in it.
    consistentAt: new Date((info.timestamp.stop + 1) * 1000),
    firstLog: parseSegment(info.archive.start, facts.segmentBytes).sequence,
    lastLog: parseSegment(info.archive.stop, facts.segmentBytes).sequence,
    sizeBytes: info.info.size,
    storedBytes: info.info.repository.delta,
  };
}
