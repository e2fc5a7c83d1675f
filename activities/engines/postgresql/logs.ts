import { TidemarkError } from '#domain/errors.ts';
import type { LogRange } from '#domain/retention.ts';
import { isKept } from '#domain/retention.ts';
import { repositoryKey, stanza } from '#domain/repository.ts';
import type { EngineContext, LogMark, LogReport } from '../port.ts';
import { findArchiveFailure } from './failures.ts';
import { configPath, pgbackrest } from './repository.ts';
import type { Server } from './server.ts';
import { findFacts, findRunningServer, findServer, readFacts, runSql } from './server.ts';
import type { TimelineSwitch, WalSegment } from './wal.ts';
import { lineage, parseArchivedSegment, parseHistory, parseSegment, segmentName } from './wal.ts';

const FLUSH_TIMEOUT_S = 120;

/**
 * Writes a commit, closes the segment that holds it and waits until that is archived. A second is taken off
 * the mark: a backend may take its commit's time and be late with its record.
 */
export async function flushLogs(context: EngineContext): Promise<LogMark> {
  const server = await findRunningServer(context);
  const { segmentBytes } = await readFacts(context.host, server);
  const marked = await runSql(
    context.host,
    server,
    `select floor(extract(epoch from clock_timestamp()) * 1000)::bigint;
select pg_current_xact_id() is not null;
select pg_walfile_name(pg_current_wal_insert_lsn());
select pg_switch_wal() is not null;`,
  );
  const [at = '', , segment = ''] = marked.split('\n');
  await waitUntilArchived(context, server, segment);
  return { sequence: parseSegment(segment, segmentBytes).sequence, coversUntil: new Date(Number(at) - 1000) };
}

async function waitUntilArchived(context: EngineContext, server: Server, segment: string): Promise<void> {
  const sql = `select coalesce(left(last_archived_wal, 24) >= '${segment}' and last_archived_wal !~ 'history', false),
  coalesce(last_archived_wal, 'none'), case when last_failed_time > coalesce(last_archived_time, '-infinity') then last_failed_wal else '' end
from pg_stat_archiver;`;
  const until = Date.now() + FLUSH_TIMEOUT_S * 1000;
  for (;;) {
    const [archived, last, failed] = (await runSql(context.host, server, sql)).split('|');
    if (archived === 't') return;
    if (Date.now() > until) {
      const why = await findArchiveFailure(context);
      const failing = failed === '' ? '' : `; archiving of ${failed} fails${why === undefined ? '' : `: ${why.message}`}`;
      throw new TidemarkError(
        'archiving-stalled',
        `WAL segment ${segment} was not archived within ${FLUSH_TIMEOUT_S} s (the last one is ${last})${failing}`,
      );
    }
    context.signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** Walks over the archive in the bucket, from segment number `from` on: what `verify`, `info` and `check` do not do. */
export async function checkContinuity(context: EngineContext, from: number, marks: readonly LogMark[]): Promise<LogReport> {
  const server = await findRunningServer(context);
  const { segmentBytes } = await readFacts(context.host, server);
  const segments = await listSegments(context, segmentBytes);
  const newest = segments.reduce((highest, segment) => Math.max(highest, segment.timeline), 0);
  const history = newest > 1 ? await readHistory(context, server, newest, segmentBytes) : [];
  const line = lineage(segments, newest, history).filter((segment) => segment.sequence >= from);
  const covers = new Map(marks.map((mark) => [mark.sequence, mark.coversUntil]));
  return {
    pieces: line.map((segment) => ({
      sequence: segment.sequence,
      name: segment.name,
      sizeBytes: segment.sizeBytes,
      archivedAt: segment.modifiedAt,
      coversUntil: covers.get(segment.sequence) ?? null,
    })),
    gaps: withSwitches(
      gapsOf(line, from, Math.max(0, ...marks.map((mark) => mark.sequence)), { timeline: newest, segmentBytes }),
      history.filter(({ sequence }) => sequence > from),
      segmentBytes,
    ),
  };
}

/** A backup is rolled forward on the timeline on which it was taken, so that no stray standby's can come in: a promotion ends its window. */
function withSwitches(gaps: LogReport['gaps'], switches: readonly TimelineSwitch[], segmentBytes: number): LogReport['gaps'] {
  const missing = new Set(gaps.map(({ sequence }) => sequence));
  const ended = switches
    .filter(({ sequence }) => !missing.has(sequence))
    .map(({ timeline, sequence }) => ({
      sequence,
      reason: `the server was promoted: its timeline ${timeline} ended in WAL segment ${segmentName(timeline, sequence, segmentBytes)}`,
    }));
  return [...gaps, ...ended].toSorted((a, b) => a.sequence - b.sequence);
}

/** pgBackRest's own expire cuts by backups; a window by time has other edges. History files stay. */
export async function expireLogs(context: EngineContext, keep: readonly LogRange[]): Promise<void> {
  const { segmentBytes } = await findFacts(context, await findServer(context));
  for (const { sequence, key } of await listSegments(context, segmentBytes)) {
    if (!isKept(keep, sequence)) await context.repository.store.delete(key);
  }
}

interface StoredSegment extends WalSegment {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

async function listSegments(context: EngineContext, segmentBytes: number): Promise<StoredSegment[]> {
  const folder = `${repositoryKey(context.database.id, context.repository.generation)}/archive/${stanza}/`;
  const segments: StoredSegment[] = [];
  for await (const object of context.repository.store.list(folder)) {
    const segment = parseArchivedSegment(object.key.split('/').at(-1) ?? '', segmentBytes);
    if (segment !== undefined) segments.push({ ...segment, key: object.key, sizeBytes: object.sizeBytes, modifiedAt: object.modifiedAt });
  }
  return segments;
}

/** History files are encrypted as everything else, so pgBackRest reads them. None means that the line began in this generation. */
async function readHistory(context: EngineContext, server: Server, timeline: number, segmentBytes: number): Promise<TimelineSwitch[]> {
  const config = configPath(context.database.id, context.repository.generation);
  const folder = `${repositoryKey(context.database.id, context.repository.generation)}/archive/${stanza}/`;
  const name = `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`;
  for await (const object of context.repository.store.list(folder)) {
    if (!object.key.endsWith(`/${name}`)) continue;
    const path = `archive/${stanza}/${object.key.slice(folder.length)}`;
    return parseHistory(await context.host.run(pgbackrest(server, config, '--log-level-console=off', 'repo-get', path)), segmentBytes);
  }
  return [];
}

/** Each run of segments between `from` and `to` (or the newest, if that is later) that are not there. */
function gapsOf(line: readonly WalSegment[], from: number, to: number, end: { timeline: number; segmentBytes: number }): LogReport['gaps'] {
  const gaps: { sequence: number; reason: string }[] = [];
  let expected = from;
  for (const { sequence, timeline } of [...line, { sequence: Math.max(to, line.at(-1)?.sequence ?? 0) + 1, timeline: end.timeline }]) {
    if (sequence > expected) gaps.push({ sequence: expected, reason: gapReason(expected, sequence - 1, timeline, end.segmentBytes) });
    expected = sequence + 1;
  }
  return gaps;
}

function gapReason(first: number, last: number, timeline: number, segmentBytes: number): string {
  const [from, to] = [segmentName(timeline, first, segmentBytes), segmentName(timeline, last, segmentBytes)];
  return first === last
    ? `WAL segment ${from} is missing from the bucket`
    : `the WAL segments ${from} to ${to} are missing from the bucket`;
}
