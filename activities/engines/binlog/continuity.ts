import type { EngineContext, LogMark, LogReport } from '../port.ts';
import type { ListedLog, LogRecord } from './record.ts';
import { listLogs, readRecords } from './record.ts';

/** Walks over the archive in the bucket, from piece number `from` on: both tools replay across a missing file without a word. */
export async function checkLogs(context: EngineContext, from: number, marks: readonly LogMark[]): Promise<LogReport> {
  const listed = (await listLogs(context)).filter(({ sequence }) => sequence >= from);
  const records = await readRecords(context, listed);
  const whole = records.filter((record, index) => listed[index]?.sizeBytes === record.object.sizeBytes);
  const covers = new Map(marks.map((mark) => [mark.sequence, mark.coversUntil]));
  const last = Math.max(from - 1, ...listed.map(({ sequence }) => sequence), ...marks.map(({ sequence }) => sequence));
  return {
    pieces: whole.map((record) => ({
      sequence: record.sequence,
      name: record.file,
      sizeBytes: record.object.sizeBytes,
      archivedAt: new Date(record.archivedAt),
      coversUntil: covers.get(record.sequence) ?? (record.coversUntil === null ? null : new Date(record.coversUntil)),
    })),
    gaps: gapsOf(new Set(whole.map(({ sequence }) => sequence)), records, listed, { from, last }),
  };
}

function gapsOf(
  whole: ReadonlySet<number>,
  records: readonly LogRecord[],
  listed: readonly ListedLog[],
  { from, last }: { readonly from: number; readonly last: number },
): LogReport['gaps'] {
  const bySequence = new Map(records.map((record, index) => [record.sequence, { record, sizeBytes: listed[index]?.sizeBytes }]));
  const gaps: { sequence: number; reason: string }[] = [];
  for (let sequence = from; sequence <= last; sequence++) {
    if (whole.has(sequence)) continue;
    gaps.push({ sequence, reason: reasonOf(bySequence.get(sequence), bySequence.get(sequence + 1)?.record, sequence) });
  }
  return gaps;
}

function reasonOf(
  found: { readonly record: LogRecord; readonly sizeBytes: number | undefined } | undefined,
  next: LogRecord | undefined,
  sequence: number,
): string {
  if (found?.sizeBytes !== undefined) {
    const { file, object } = found.record;
    return `binary log ${file} has ${found.sizeBytes} bytes in the bucket instead of ${object.sizeBytes}`;
  }
  if (next?.hole != null) return next.hole;
  const name = found?.record.file ?? next?.follows ?? `number ${sequence}`;
  return `binary log ${name} is missing from the bucket`;
}
