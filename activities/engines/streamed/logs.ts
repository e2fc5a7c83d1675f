import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createZstdDecompress } from 'node:zlib';
import { sh } from '#activities/hosts/script.ts';
import { writeObject } from '#activities/streams/sealed.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { ServerLog } from '../binlog/next-files.ts';
import { findBreak, nextFiles } from '../binlog/next-files.ts';
import type { LogRecord } from '../binlog/record.ts';
import { listLogs, logKey, readRecord, writeRecord } from '../binlog/record.ts';
import type { BinlogScanner } from '../binlog/scan.ts';
import { createScanner } from '../binlog/scan.ts';
import type { EngineContext, LogMark } from '../port.ts';
import type { Dialect } from './dialect.ts';
import type { Server, ServerFacts } from './server-grammar.ts';
import { findRunningServer, readFacts, runSql } from './server.ts';

export async function flushLogs(context: EngineContext, dialect: Dialect): Promise<LogMark> {
  return await archiveLogs(context, dialect, await findRunningServer(context, dialect));
}

/** Is taken off a mark: a commit may take its time and be late with its event. */
export const MARK_MARGIN_MS = 1000;

/**
 * Closes the binary log that is written and archives every closed file that is not archived yet, oldest first; each one's record
 * is written last. `from` is the file with
 * which an empty archive begins.
 */
export async function archiveLogs(context: EngineContext, dialect: Dialect, server: Server, from?: string): Promise<LogMark> {
  const facts = await readFacts(context.host, dialect, server);
  if (facts.logBin === 0) throw new TidemarkError('archiving-stalled', `${dialect.title} writes no binary logs any more (log_bin is off)`);
  refuseUnreplayable(dialect, facts);
  const clock = 'select floor(unix_timestamp(now(6)) * 1000);';
  const [before = 0, after = 0] = (await runSql(context.host, dialect, server, `${clock}\nflush binary logs;\n${clock}`))
    .split('\n')
    .map(Number);
  const names = (await runSql(context.host, dialect, server, 'show binary logs')).split('\n').map((line) => line.split('\t')[0] ?? '');
  const directory = server.dataDirectory;
  return await archiveFiles(
    context,
    dialect,
    { directory, names: names.slice(0, -1), server: facts.uuid, coversUntil: new Date(before - MARK_MARGIN_MS), closedBefore: after },
    from,
  );
}

/** What was set when archiving began may have been changed since. */
function refuseUnreplayable(dialect: Dialect, facts: ServerFacts): void {
  refuseFiltered(dialect, facts);
  const setting = dialect.setUp.findUnreplayable(facts);
  if (setting === undefined) return;
  throw new TidemarkError('pitr-not-possible', `what ${dialect.title} writes to its binary logs cannot be replayed exactly: ${setting}`);
}

export function refuseFiltered({ title }: Dialect, facts: ServerFacts): void {
  if (facts.logFilters !== '')
    throw new TidemarkError(
      'pitr-not-possible',
      `${title} leaves databases out of its binary logs (binlog_do_db, binlog_ignore_db: ${facts.logFilters})`,
    );
  if (facts.logEncrypted === 1)
    throw new TidemarkError('pitr-not-possible', `${title} encrypts its binary logs (binlog_encryption, encrypt_binlog)`);
}

/** Closed binary logs in one directory, and what is known of all of them. */
interface ClosedLogs {
  readonly directory: string;
  /** Ascending. */
  readonly names: readonly string[];
  /** Which server wrote them. */
  readonly server: string;
  /** Every commit before it is in one of them. */
  readonly coversUntil: Date;
  /** By the server's own clock, in milliseconds. */
  readonly closedBefore: number;
}

/** Archives those that are not archived yet. One that a crash has torn is left out, and makes a hole. Errors: `archiving-stalled`. */
export async function archiveFiles(
  context: EngineContext,
  dialect: Dialect,
  { names, coversUntil, ...logs }: ClosedLogs,
  from?: string,
): Promise<LogMark> {
  const last = (await listLogs(context)).at(-1);
  let newest = last === undefined ? undefined : await readRecord(context, last);
  const next = nextFiles(await listClosedLogs(context, logs.directory, names, newest), newest, from);
  let { hole } = next;
  for (const [index, log] of next.files.entries()) {
    const isLast = index === next.files.length - 1;
    try {
      newest = await archiveLog(context, dialect, { ...logs, log, before: newest, hole, coversUntil: isLast ? coversUntil : null });
      hole = null;
    } catch (error) {
      if (isLast || !(error instanceof TidemarkError) || error.code !== 'log-torn') throw error;
      hole = error.message;
    }
  }
  if (newest === undefined) throw new TidemarkError('archiving-stalled', `${dialect.title} has closed no binary log`);
  return { sequence: newest.sequence, coversUntil };
}

/** A server may hold thousands: of those before the newest that was archived nothing is asked, unless that one is another file by now. */
async function listClosedLogs(
  context: EngineContext,
  directory: string,
  names: readonly string[],
  newest: LogRecord | undefined,
): Promise<ServerLog[]> {
  const known = names.indexOf(newest?.file ?? '');
  const [first, ...others] = await statLogs(context, directory, names.slice(Math.max(0, known)));
  if (first === undefined || known <= 0) return first === undefined ? [] : [first, ...others];
  const isSame = first.createdAt === newest?.createdAt && first.sizeBytes === newest.sizeBytes;
  return isSame ? [first, ...others] : statLogs(context, directory, names);
}

async function statLogs({ host }: EngineContext, directory: string, names: readonly string[]): Promise<ServerLog[]> {
  if (names.length === 0) return [];
  const script = sh`cd -- ${directory}
for file in ${names}; do
  printf '%s %s %s\n' "$file" "$(stat -c %s -- "$file")" "$(od -An -tu4 -j4 -N4 -- "$file" | tr -d ' ')"
done
`;
  const output = await host.run(script, { timeoutMs: 600_000 });
  const logs = output
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [file = '', sizeBytes, createdAt] = line.split(' ');
      return { file, sizeBytes: Number(sizeBytes), createdAt: Number(createdAt) };
    });
  if (logs.every((log) => Number.isSafeInteger(log.sizeBytes) && Number.isSafeInteger(log.createdAt))) return logs;
  throw new TidemarkError('archiving-stalled', `the binary logs in ${directory} cannot be listed: ${output.slice(0, 200)}`);
}

interface LogToArchive {
  readonly log: ServerLog;
  readonly directory: string;
  readonly server: string;
  readonly before: LogRecord | undefined;
  readonly hole: string | null;
  readonly coversUntil: Date | null;
  readonly closedBefore: number;
}

/** The event headers are read from the very bytes that are uploaded. */
async function archiveLog(
  context: EngineContext,
  dialect: Dialect,
  { log, directory, server, before, ...more }: LogToArchive,
): Promise<LogRecord> {
  const { file, createdAt, sizeBytes } = log;
  // A name of its own: a backup and the policy's clock may be archiving the same file, and neither may end the other's stream.
  const options = { scope: context.database.id, id: `log-${file}-${randomUUID()}`, signal: context.signal };
  const scanner = createScanner(dialect.binlog, file);
  const output = await context.host.readStream(
    sh`exec 5<${`${directory}/${file}`}
zstd -q -T0 -3 -c <&5
`,
    options,
  );
  const sequence = (before?.sequence ?? 0) + (more.hole === null ? 1 : 2);
  const key = `${logKey(context, { sequence, createdAt, file, server })}.zst`;
  const object = await writeObject(context.repository, key, scanned(output.stdout, scanner), { signal: context.signal });
  const scan = scanner.finish({ notBefore: before?.commits.at(-1)?.[0] ?? 0, notAfter: Math.ceil(more.closedBefore / 1000) });
  if (scan.sizeBytes !== sizeBytes || scan.createdAt !== createdAt) {
    throw new TidemarkError(
      'backup-not-proven',
      `the binary log ${file} has ${sizeBytes} bytes on the server and ${scan.sizeBytes} were read`,
    );
  }
  const broken = before === undefined || more.hole !== null ? null : findBreak(before, { file, stateBefore: scan.stateBefore });
  if (broken !== null) {
    await context.repository.store.delete(key);
    return await archiveLog(context, dialect, { log, directory, server, before, ...more, hole: broken });
  }
  const record: LogRecord = {
    format: 1,
    sequence,
    file,
    server,
    archivedAt: new Date().toISOString(),
    coversUntil: more.coversUntil?.getTime() ?? null,
    object,
    follows: before?.file ?? null,
    hole: more.hole,
    ...scan,
  };
  await writeRecord(context, record);
  return record;
}

/** Gives the compressed bytes on and shows their content to the scanner. */
async function* scanned(source: AsyncIterable<Buffer>, scanner: BinlogScanner): AsyncGenerator<Buffer> {
  const unpacked = createZstdDecompress();
  const reading = (async () => {
    for await (const chunk of unpacked) scanner.push(chunk as Buffer);
  })();
  reading.catch(() => undefined);
  try {
    for await (const chunk of source) {
      if (!unpacked.write(chunk)) await Promise.race([once(unpacked, 'drain'), reading]);
      yield chunk;
    }
    unpacked.end();
    await reading;
  } finally {
    unpacked.destroy();
  }
}
