import { readJson, writeJson } from '#activities/streams/sealed-json.ts';
import type { SealedObject } from '#activities/streams/sealed.ts';
import { generationKey } from '#domain/names.ts';
import type { EngineContext } from '../port.ts';
import type { BinlogScan } from './scan.ts';

/** One archived binary log, as the small document beside it says; docs/format.md. */
export interface LogRecord extends BinlogScan {
  readonly format: 1;
  /** The piece `n + 1` continues the piece `n`; a number is left out where something is missing between them. */
  readonly sequence: number;
  /** Its name on the server. */
  readonly file: string;
  /** The server that wrote it. */
  readonly server: string;
  /** ISO 8601. */
  readonly archivedAt: string;
  /** Milliseconds since the epoch: every commit before it is in this piece or an earlier one; null where that is not known. */
  readonly coversUntil: number | null;
  /** The zstd-compressed content. */
  readonly object: SealedObject;
  /** The file that it continues; null for the first of the generation. */
  readonly follows: string | null;
  /** Why the number before it is missing; null where it is not. */
  readonly hole: string | null;
}

/** Where the archive has the pieces of a log; found by listing, so it tells what is there. */
export interface ListedLog {
  readonly sequence: number;
  readonly file: string;
  readonly recordKey: string;
  /** Of the object; undefined where it is missing. */
  readonly sizeBytes: number | undefined;
}

/** `g<n>/logs/<server>/<sequence>-<created at>-<file>`, without its ending. */
export function logKey(
  context: EngineContext,
  { sequence, createdAt, file, server }: Pick<LogRecord, 'sequence' | 'createdAt' | 'file' | 'server'>,
): string {
  return `${folderOf(context)}/${server}/${String(sequence).padStart(8, '0')}-${createdAt}-${file}`;
}

export async function writeRecord(context: EngineContext, record: LogRecord): Promise<void> {
  await writeJson(context.repository, `${logKey(context, record)}.json`, record);
}

export async function readRecord(context: EngineContext, { recordKey }: Pick<ListedLog, 'recordKey'>): Promise<LogRecord> {
  return await readJson<LogRecord>(context.repository, recordKey);
}

/** The records of a listing, several at a time, in its order. */
export async function readRecords(context: EngineContext, listed: readonly ListedLog[]): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (let from = 0; from < listed.length; from += AT_ONCE) {
    records.push(...(await Promise.all(listed.slice(from, from + AT_ONCE).map((log) => readRecord(context, log)))));
  }
  return records;
}

const AT_ONCE = 16;

/** The pieces that have a record, ascending. An object without a record was being written when somebody died: it does not count. */
export async function listLogs(context: EngineContext): Promise<ListedLog[]> {
  const sizes = new Map<string, number>();
  for await (const { key, sizeBytes } of context.repository.store.list(`${folderOf(context)}/`)) sizes.set(key, sizeBytes);
  return [...sizes.keys()]
    .flatMap((key) => {
      const [, stem = '', sequence, file] = /^(.*\/(\d{8})-\d+-([^/]+))\.json$/.exec(key) ?? [];
      if (sequence === undefined || file === undefined) return [];
      return [{ sequence: Number(sequence), file, recordKey: key, sizeBytes: sizes.get(`${stem}.zst`) }];
    })
    .toSorted((a, b) => a.sequence - b.sequence);
}

function folderOf(context: EngineContext): string {
  return `${generationKey(context.database.id, context.repository.generation)}/logs`;
}
