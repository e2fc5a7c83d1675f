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

/**
 * Closes the binary log that is written and archives every closed file that is not archived yet, oldest first; each one's record
 * is written last. A second is taken off the mark: a commit may take its time and be late with its event. `from` is the file with
 * which an empty archive begins.
 */
export async function archiveLogs(context: EngineContext, dialect: Dialect, server: Server, from?: string): Promise<LogMark> {
  const facts = await readFacts(context.host, dialect, server);
  if (facts.logBin === 0) throw new TidemarkError('archiving-stalled', `${dialect.title} writes no binary logs any more (log_bin is off)`);
  const clock = 'select floor(unix_timestamp(now(6)) * 1000);';
  const [before = 0, after = 0] = (await runSql(context.host, dialect, server, `${clock}\nflush binary logs;\n${clock}`))
    .split('\n')
    .map(Number);
  const coversUntil = new Date(before - 1000);
  const closed = (await listServerLogs(context, dialect, server, facts)).slice(0, -1);
  const listed = await listLogs(context);
  const last = listed.at(-1);
  let newest = last === undefined ? undefined : await readRecord(context, last);
  const next = nextFiles(closed, newest, from);
  for (const [index, log] of next.files.entries()) {
    const isLast = index === next.files.length - 1;
    const options = { hole: index === 0 ? next.hole : null, coversUntil: isLast ? coversUntil : null, closedBefore: after };
    newest = await archiveLog(context, dialect, { log, directory: server.dataDirectory, server: facts.uuid, before: newest, ...options });
  }
  if (newest === undefined) throw new TidemarkError('archiving-stalled', `${dialect.title} has closed no binary log`);
  return { sequence: newest.sequence, coversUntil };
}

/** Ascending, the one that is written last. */
async function listServerLogs(context: EngineContext, dialect: Dialect, server: Server, facts: ServerFacts): Promise<ServerLog[]> {
  const names = (await runSql(context.host, dialect, server, 'show binary logs')).split('\n').map((line) => line.split('\t')[0] ?? '');
  const output = await context.host.run(sh`cd -- ${server.dataDirectory}
for file in ${names}; do
  printf '%s %s %s\n' "$file" "$(stat -c %s -- "$file")" "$(od -An -tu4 -j4 -N4 -- "$file" | tr -d ' ')"
done
`);
  const logs = output
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [file = '', sizeBytes, createdAt] = line.split(' ');
      return { file, sizeBytes: Number(sizeBytes), createdAt: Number(createdAt) };
    });
  if (logs.every((log) => Number.isSafeInteger(log.sizeBytes) && Number.isSafeInteger(log.createdAt))) return logs;
  throw new TidemarkError('archiving-stalled', `the binary logs of ${facts.logBasename} cannot be listed: ${output.slice(0, 200)}`);
}

interface LogToArchive {
  readonly log: ServerLog;
  readonly directory: string;
  readonly server: string;
  readonly before: LogRecord | undefined;
  readonly hole: string | null;
  readonly coversUntil: Date | null;
  /** By the server's own clock, in milliseconds. */
  readonly closedBefore: number;
}

/** The event headers are read from the very bytes that are uploaded. */
async function archiveLog(
  context: EngineContext,
  dialect: Dialect,
  { log, directory, server, before, ...more }: LogToArchive,
): Promise<LogRecord> {
  const { file, createdAt, sizeBytes } = log;
  const options = { scope: context.database.id, id: `log-${file}`, signal: context.signal };
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
