import type { HostOutput } from '#activities/hosts/port.ts';
import { findBrokenObjects, writeVolumes } from '#activities/streams/sealed.ts';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import { generationKey } from '#domain/names.ts';
import { checkLogs } from '../binlog/continuity.ts';
import { listLogs } from '../binlog/record.ts';
import type { Manifest } from '../manifest.ts';
import { findManifest, readChain, writeManifest } from '../manifest.ts';
import type { BackupOutcome, BackupRequest, EngineContext, LogMark } from '../port.ts';
import { isArmed } from './arm.ts';
import type { BackupPlace, StreamedData } from './backup-grammar.ts';
import { reportMark } from './backup-grammar.ts';
import type { Dialect } from './dialect.ts';
import { inspect, refuseSpreadFiles, refuseTables } from './inspection.ts';
import { archiveLogs } from './logs.ts';
import { findLostParent } from './parent.ts';
import type { Server, ServerFacts } from './server-grammar.ts';
import { findRunningServer, readFacts } from './server.ts';

/** One backup that is being taken. */
interface Taking {
  readonly request: BackupRequest;
  readonly server: Server;
  readonly facts: ServerFacts;
  readonly armed: boolean;
}

/** A full or an incremental, streamed through the worker, proven, and its manifest written last. */
export async function backUp(context: EngineContext, dialect: Dialect, request: BackupRequest): Promise<BackupOutcome> {
  const finished = await findManifest<StreamedData>(context, request.backupId);
  if (finished !== undefined && (await findBrokenObjects(context.repository.store, finished.data.volumes)).length === 0)
    return finished.outcome;
  const server = await findRunningServer(context, dialect);
  const facts = await readFacts(context.host, dialect, server);
  const taking = { request, server, facts, armed: await isArmed(context) };
  const found = await inspect(context, dialect, server, facts);
  refuseTables(found);
  refuseSpreadFiles(found, server);
  await removeObjects(context, request.backupId);
  const parent = await findParent(context, dialect, taking);
  const content =
    parent.chain === undefined ? await takeFull(context, dialect, taking) : await takeIncremental(context, dialect, taking, parent.chain);
  const outcome: BackupOutcome = {
    ...content.outcome,
    label: request.backupId,
    fallbackReason: parent.lost,
    serverVersion: facts.version,
    sizeBytes: facts.sizeBytes,
  };
  const broken = await findBrokenObjects(context.repository.store, content.data.volumes);
  if (broken.length > 0)
    throw new TidemarkError('backup-not-proven', `the backup is not whole in the bucket: ${broken.slice(0, 3).join('; ')}`);
  await writeManifest(context, request.backupId, { engine: dialect.name, outcome, data: content.data });
  return outcome;
}

type Content = Pick<Manifest<StreamedData>, 'data'> & {
  readonly outcome: Omit<BackupOutcome, 'label' | 'fallbackReason' | 'serverVersion' | 'sizeBytes'>;
};

async function takeFull(context: EngineContext, dialect: Dialect, taking: Taking): Promise<Content> {
  const data = await stream(context, dialect, taking, undefined);
  const logs = await archiveSince(context, dialect, taking, data);
  return {
    data,
    outcome: { kind: 'full', parentLabel: undefined, consistentAt: new Date(data.consistentAt), storedBytes: storedBytes(data), ...logs },
  };
}

async function takeIncremental(
  context: EngineContext,
  dialect: Dialect,
  taking: Taking,
  chain: readonly Manifest<StreamedData>[],
): Promise<Content> {
  const [full] = chain;
  const parent = chain.at(-1);
  if (parent === undefined || full === undefined) throw new TidemarkError('internal', 'an incremental has no parent');
  const { backupId: parentLabel } = parent;
  if (dialect.backup.incrementalsHold === 'pages') {
    const data = await stream(context, dialect, taking, parent.data);
    const logs = await archiveSince(context, dialect, taking, data);
    return {
      data,
      outcome: { kind: 'incremental', parentLabel, consistentAt: new Date(data.consistentAt), storedBytes: storedBytes(data), ...logs },
    };
  }
  const mark = await archiveLogs(context, dialect, taking.server);
  const firstLog = full.outcome.firstLog ?? 0;
  const { pieces, gaps } = await checkLogs(context, firstLog, [mark]);
  if (gaps[0] !== undefined) throw new TidemarkError('backup-failed', `the binary logs are not whole: ${gaps[0].reason}`);
  const own = pieces.filter(({ sequence }) => sequence > (parent.outcome.lastLog ?? 0));
  const data: StreamedData = { ...parent.data, volumes: [], unpackedBytes: 0, sentBytes: 0, consistentAt: mark.coversUntil.getTime() };
  return {
    data,
    outcome: {
      kind: 'incremental',
      parentLabel,
      consistentAt: mark.coversUntil,
      firstLog,
      lastLog: mark.sequence,
      storedBytes: own.reduce((sum, piece) => sum + piece.sizeBytes, 0),
    },
  };
}

/** The parents of an incremental, or why there are none. */
async function findParent(
  context: EngineContext,
  dialect: Dialect,
  { request, server, facts }: Taking,
): Promise<{ readonly chain?: readonly Manifest<StreamedData>[]; readonly lost: string | undefined }> {
  if (request.kind === 'full') return { lost: undefined };
  if (request.parentLabel === undefined) return { lost: 'there is no backup to build on' };
  try {
    const chain = await readAncestors(context, request.parentLabel);
    const lost = await findLostParent(context, dialect, { chain, server, facts });
    return lost === undefined ? { chain, lost } : { lost };
  } catch (error) {
    if (!(error instanceof TidemarkError) || !['object-missing', 'object-tampered'].includes(error.code)) throw error;
    return { lost: `the parent ${request.parentLabel} cannot be used: ${error.message}` };
  }
}

/** The full first. */
async function readAncestors(context: EngineContext, label: string): Promise<Manifest<StreamedData>[]> {
  const [manifest] = await readChain<StreamedData>(context, { chainLabels: [label] });
  if (manifest === undefined) return [];
  const { parentLabel } = manifest.outcome;
  return [...(parentLabel === undefined ? [] : await readAncestors(context, parentLabel)), manifest];
}

/** Runs the tool and lays its stream down; it *ends* only when the tool exited 0, so what is returned is whole. */
async function stream(
  context: EngineContext,
  dialect: Dialect,
  { request, server, facts }: Taking,
  parent: StreamedData | undefined,
): Promise<StreamedData> {
  const { database, repository, signal } = context;
  const place: BackupPlace = { databaseId: database.id, backupId: request.backupId, server, facts, parent };
  const script = dialect.backup.sweep(place, database.id) + dialect.backup.script(place);
  const output = await startTool(context, script, `backup-${request.backupId}`);
  let passedBytes = 0;
  const onBytes = (count: number): void => context.report(Math.min((passedBytes += count), facts.sizeBytes), facts.sizeBytes);
  const prefix = `${folderOf(context, request.backupId)}/data`;
  try {
    const volumes = await writeVolumes(repository, prefix, output.stdout as AsyncIterable<Buffer>, { signal, onBytes });
    const [, report] = output.stderr().split(`${reportMark}\n`);
    if (report === undefined) throw new TidemarkError('backup-not-proven', 'the tool ended with 0 but did not report what it did');
    const { uuid } = facts;
    const told = dialect.backup.readReport(report, place);
    if (told.sentBytes !== passedBytes)
      throw new TidemarkError('backup-not-proven', `${told.sentBytes} bytes left the host, and ${passedBytes} arrived`);
    return {
      ...told,
      volumes,
      server: { uuid, dataDirectory: server.dataDirectory },
      settings: facts.settings,
    };
  } catch (error) {
    output.stdout.destroy();
    throw asBackupFailure(error);
  }
}

async function startTool({ host, database, signal }: EngineContext, script: string, id: string): Promise<HostOutput> {
  try {
    return await host.readStream(script, { scope: database.id, id, signal });
  } catch (error) {
    throw asBackupFailure(error);
  }
}

/** The tool's failure, with its own last words; everything else is what it is. */
function asBackupFailure(error: unknown): unknown {
  if (!(error instanceof TidemarkError) || error.code !== 'host-command-failed') return error;
  return new TidemarkError('backup-failed', messageOf(error), { cause: error });
}

/** The binary logs up to now are archived with the backup, so that it can be rolled forward; which ones it needs. */
async function archiveSince(
  context: EngineContext,
  dialect: Dialect,
  { server, armed }: Taking,
  { position }: StreamedData,
): Promise<Pick<BackupOutcome, 'firstLog' | 'lastLog'>> {
  if (!armed) return { firstLog: undefined, lastLog: undefined };
  if (position === null)
    throw new TidemarkError('backup-not-proven', 'the tool told no position in the binary logs, although they are archived');
  const mark: LogMark = await archiveLogs(context, dialect, server, position.file);
  const log = (await listLogs(context)).findLast(({ file }) => file === position.file);
  if (log === undefined)
    throw new TidemarkError('backup-not-proven', `the binary log ${position.file}, which the backup needs, could not be archived`);
  return { firstLog: log.sequence, lastLog: mark.sequence };
}

/** What an earlier attempt of the same backup left. */
async function removeObjects(context: EngineContext, backupId: string): Promise<void> {
  for await (const { key } of context.repository.store.list(`${folderOf(context, backupId)}/`)) await context.repository.store.delete(key);
}

function folderOf(context: EngineContext, backupId: string): string {
  return `${generationKey(context.database.id, context.repository.generation)}/backups/${backupId}`;
}

function storedBytes({ volumes }: StreamedData): number {
  return volumes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
