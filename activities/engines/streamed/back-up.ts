import type { HostOutput } from '#activities/hosts/port.ts';
import type { SealedObject } from '#activities/streams/sealed.ts';
import { findBrokenObjects, writeVolumes } from '#activities/streams/sealed.ts';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import { generationKey } from '#domain/names.ts';
import { checkLogs } from '../binlog/continuity.ts';
import { listLogs, readRecords } from '../binlog/record.ts';
import type { Manifest } from '../manifest.ts';
import { findManifest, readChain, writeManifest } from '../manifest.ts';
import type { BackupOutcome, BackupRequest, EngineContext, HostContext, LogMark } from '../port.ts';
import { findStrayData, noteBackup } from './ancestry.ts';
import { isArmed } from './arm.ts';
import type { BackupPlace, StreamedData, Told } from './backup-grammar.ts';
import { reportMark } from './backup-grammar.ts';
import type { Dialect } from './dialect.ts';
import { inspect, refuseSpreadFiles, refuseTables } from './inspection.ts';
import { archiveLogs, MARK_MARGIN_MS } from './logs.ts';
import { findLostParent } from './parent.ts';
import type { Source } from './replica.ts';
import { followReplica } from './replica.ts';
import type { Server, ServerFacts } from './server-grammar.ts';
import { findRunningServer, readFacts } from './server.ts';

/** One backup that is being taken. */
interface Taking {
  readonly request: BackupRequest;
  readonly server: Server;
  readonly facts: ServerFacts;
  readonly armed: boolean;
  readonly source: Source;
}

/** A full or an incremental, streamed through the worker, proven, and its manifest written last. */
export async function backUp(context: EngineContext, dialect: Dialect, request: BackupRequest): Promise<BackupOutcome> {
  const finished = await findManifest<StreamedData>(context, request.backupId);
  if (finished !== undefined && (await findBrokenObjects(context.repository.store, finished.data.volumes)).length === 0)
    return finished.outcome;
  const server = await findRunningServer(context, dialect);
  const facts = await readFacts(context.host, dialect, server);
  const armed = await isArmed(context);
  const source = await openSource(context, dialect, { server, facts, armed }, request);
  const taking = { request, server, facts, armed, source };
  const found = await inspect(source.context, dialect, source.server, source.facts);
  refuseTables(found);
  refuseSpreadFiles(found, source.server);
  await removeObjects(context, request.backupId);
  const parent = await findParent(context, dialect, taking);
  const content =
    parent.chain === undefined ? await takeFull(context, dialect, taking) : await takeIncremental(context, dialect, taking, parent.chain);
  const outcome: BackupOutcome = {
    ...content.outcome,
    label: request.backupId,
    sourceId: source.context.database.id,
    fallbackReason: parent.lost,
    serverVersion: facts.version,
    sizeBytes: source.facts.sizeBytes,
  };
  const broken = await findBrokenObjects(context.repository.store, content.data.volumes);
  if (broken.length > 0)
    throw new TidemarkError('backup-not-proven', `the backup is not whole in the bucket: ${broken.slice(0, 3).join('; ')}`);
  if (dialect.backup.incrementalsHold === 'pages') await noteBackup(source, request.backupId);
  await writeManifest(context, request.backupId, { engine: dialect.name, outcome, data: content.data });
  return outcome;
}

async function openSource(
  context: EngineContext,
  dialect: Dialect,
  { server, facts, armed }: Pick<Taking, 'server' | 'facts' | 'armed'>,
  { replica }: BackupRequest,
): Promise<Source> {
  if (replica === undefined) return { context, server, facts, from: undefined };
  if (!armed)
    throw new TidemarkError('replica-not-usable', "the binary logs of its primary are not archived, by which a replica's data is proven");
  return await followReplica(context, dialect, { server, facts }, replica);
}

type Content = Pick<Manifest<StreamedData>, 'data'> & {
  readonly outcome: Omit<BackupOutcome, 'label' | 'sourceId' | 'fallbackReason' | 'serverVersion' | 'sizeBytes'>;
};

async function takeFull(context: EngineContext, dialect: Dialect, taking: Taking): Promise<Content> {
  const { data, logs } = await stream(context, dialect, taking, undefined);
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
    const { data, logs } = await stream(context, dialect, taking, parent.data);
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
  { request, server, facts, source }: Taking,
): Promise<{ readonly chain?: readonly Manifest<StreamedData>[]; readonly lost: string | undefined }> {
  if (request.kind === 'full') return { lost: undefined };
  if (request.parentLabel === undefined) return { lost: 'there is no backup to build on' };
  try {
    const chain = await readAncestors(context, request.parentLabel);
    const holdsPages = dialect.backup.incrementalsHold === 'pages';
    const lost =
      (await findLostParent(context, dialect, { chain, ...(holdsPages ? source : { server, facts }) })) ??
      (holdsPages ? await findStrayData(source, request.parentLabel) : undefined);
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

interface Streamed {
  readonly data: StreamedData;
  readonly logs: NeededLogs;
}

type NeededLogs = Pick<BackupOutcome, 'firstLog' | 'lastLog'>;

/** Runs the tool, lays its stream down, and archives the binary logs up to now, so that it can be rolled forward. */
async function stream(context: EngineContext, dialect: Dialect, taking: Taking, parent: StreamedData | undefined): Promise<Streamed> {
  const { facts, server, source } = taking;
  const place = placeOf(taking, parent);
  const { told, volumes } = await layDown(context, dialect, taking, place);
  const { gtid, ...report } = told;
  const line = dialect.backup.incrementalsHold === 'pages' ? source : { server, facts };
  const data: StreamedData = {
    ...report,
    volumes,
    server: { uuid: line.facts.uuid, dataDirectory: line.server.dataDirectory },
    settings: facts.settings,
  };
  if (!taking.armed) return { data, logs: { firstLog: undefined, lastLog: undefined } };
  return await archiveSince(context, dialect, taking, { data, gtid });
}

function placeOf({ request, source }: Taking, parent: StreamedData | undefined): BackupPlace {
  return {
    databaseId: source.context.database.id,
    backupId: request.backupId,
    server: source.server,
    facts: source.facts,
    isReplica: source.from !== undefined,
    parent,
  };
}

/** The stream *ends* only when the tool exited 0, so what is returned is whole. */
async function layDown(
  context: EngineContext,
  dialect: Dialect,
  { request, source }: Taking,
  place: BackupPlace,
): Promise<{ readonly told: Told; readonly volumes: readonly SealedObject[] }> {
  const { repository, signal } = context;
  const { sizeBytes } = source.facts;
  const script = dialect.backup.sweep(place, place.databaseId) + dialect.backup.script(place);
  const output = await startTool(source.context, script, `backup-${request.backupId}`);
  let passedBytes = 0;
  const onBytes = (count: number): void => context.report(Math.min((passedBytes += count), sizeBytes), sizeBytes);
  const prefix = `${folderOf(context, request.backupId)}/data`;
  try {
    const volumes = await writeVolumes(repository, prefix, output.stdout as AsyncIterable<Buffer>, { signal, onBytes });
    const [, report] = output.stderr().split(`${reportMark}\n`);
    if (report === undefined) throw new TidemarkError('backup-not-proven', 'the tool ended with 0 but did not report what it did');
    const told = dialect.backup.readReport(report, place);
    if (told.sentBytes !== passedBytes)
      throw new TidemarkError('backup-not-proven', `${told.sentBytes} bytes left the host, and ${passedBytes} arrived`);
    return { told, volumes };
  } catch (error) {
    output.stdout.destroy();
    throw asBackupFailure(error);
  }
}

async function startTool({ host, database, signal }: HostContext, script: string, id: string): Promise<HostOutput> {
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

/** Which binary logs of the primary the copy needs, and where in them its replay begins. */
async function archiveSince(
  context: EngineContext,
  dialect: Dialect,
  { server, source }: Taking,
  { data, gtid }: { readonly data: StreamedData; readonly gtid: string | undefined },
): Promise<Streamed> {
  const from = source.from ?? data.position?.file;
  if (from === undefined)
    throw new TidemarkError('backup-not-proven', 'the tool told no position in the binary logs, although they are archived');
  const mark: LogMark = await archiveLogs(context, dialect, server, from);
  const listed = await listLogs(context);
  const first = listed.findLastIndex(({ file }) => file === from);
  if (first < 0) throw new TidemarkError('backup-not-proven', `the binary log ${from}, which the backup needs, could not be archived`);
  const needed = listed.slice(first);
  const position =
    source.from === undefined ? data.position : await dialect.replica.findStart(context, await readRecords(context, needed), gtid);
  const log = needed.find(({ file }) => file === position?.file);
  if (log === undefined) throw new TidemarkError('internal', 'the replay begins in a binary log that was not archived');
  // a replica's clock may be behind that of its primary, by which commits and targets are told
  const consistentAt =
    source.from === undefined ? data.consistentAt : Math.max(data.consistentAt, mark.coversUntil.getTime() + MARK_MARGIN_MS);
  return { data: { ...data, position, consistentAt }, logs: { firstLog: log.sequence, lastLog: mark.sequence } };
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
