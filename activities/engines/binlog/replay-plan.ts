import { TidemarkError } from '#domain/errors.ts';
import type { LogRecord } from './record.ts';

export interface LogPosition {
  readonly file: string;
  readonly position: number;
}

/** What is replayed: every event from `start` on, up to `end`; no records when there is no transaction between them. */
export interface ReplayPlan {
  readonly records: readonly LogRecord[];
  readonly start: LogPosition;
  readonly end: LogPosition;
}

/** `records` ascend without a hole; the first one is the file of `start`. Everything committed before `target` is replayed, or all there is. */
export function planReplay(records: readonly LogRecord[], start: LogPosition, target: Date | undefined): ReplayPlan {
  const [first] = records;
  const last = records.at(-1);
  if (first?.file !== start.file || last === undefined) {
    throw new TidemarkError('object-missing', `the binary log ${start.file}, with which the replay begins, is not in the archive`);
  }
  const end = (target === undefined ? undefined : findCut(records, start, target)) ?? { file: last.file, position: last.endPosition };
  const until = records.findIndex(({ file }) => file === end.file);
  return backToTransaction(records.slice(0, until + 1), start, end);
}

/**
 * A server tells its position by the transactions that it has done: an end before which its file has none is the end of an earlier
 * file, where there is one.
 */
function backToTransaction(records: readonly LogRecord[], start: LogPosition, end: LogPosition): ReplayPlan {
  const last = records.at(-1);
  if (last === undefined) return { records: [], start, end: start };
  const { transactions, file } = last;
  const from = file === start.file ? start.position : 0;
  if (transactions !== null && transactions.first < end.position && transactions.last >= from) return { records, start, end };
  const before = records.at(-2);
  return backToTransaction(records.slice(0, -1), start, before === undefined ? start : { file: before.file, position: before.endPosition });
}

/** Where the first transaction begins that was committed at the target or after it. */
function findCut(records: readonly LogRecord[], start: LogPosition, target: Date): LogPosition | undefined {
  const second = target.getTime() / 1000;
  for (const { file, commits } of records) {
    // the clock never goes back, so what lies before the start is in the backup and needs no cut
    const from = file === start.file ? start.position : 0;
    const cut = commits.find(([at, position]) => at >= second && position >= from);
    if (cut !== undefined) return { file, position: cut[1] };
  }
  return undefined;
}
