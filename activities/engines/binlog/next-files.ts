import type { LogRecord } from './record.ts';

/** A binary log as it lies on the server. */
export interface ServerLog {
  readonly file: string;
  readonly sizeBytes: number;
  /** Seconds since the epoch, by its format description. */
  readonly createdAt: number;
}

/** What is to be archived next, and why something is missing before it. */
export interface NextFiles {
  readonly files: readonly ServerLog[];
  readonly hole: string | null;
}

/**
 * `closed` are the server's closed files, ascending. A RESET begins the numbers again and a purge removes the first ones: both
 * are told by comparing with the newest piece that was archived. Without one the archive begins at `from`, or with the newest closed file.
 */
export function nextFiles(closed: readonly ServerLog[], newest: LogRecord | undefined, from: string | undefined): NextFiles {
  if (newest === undefined) {
    const first = closed.findIndex(({ file }) => file === from);
    return { files: first === -1 ? closed.slice(-1) : closed.slice(first), hole: null };
  }
  const same = closed.findIndex(({ file }) => file === newest.file);
  const found = closed[same];
  if (found !== undefined) {
    if (found.createdAt === newest.createdAt && found.sizeBytes === newest.sizeBytes) return { files: closed.slice(same + 1), hole: null };
    return { files: closed, hole: `the binary logs were reset after ${newest.file}` };
  }
  const [first] = closed;
  if (first === undefined || numberOf(first.file) === numberOf(newest.file) + 1) return { files: closed, hole: null };
  if (numberOf(first.file) <= numberOf(newest.file) || stemOf(first.file) !== stemOf(newest.file)) {
    return { files: closed, hole: `the binary logs were reset after ${newest.file}` };
  }
  return { files: closed, hole: `the binary logs between ${newest.file} and ${first.file} were purged before they were archived` };
}

/** Why `next` does not continue `before` although its name does; null where it does. */
export function findBreak(before: LogRecord, next: Pick<LogRecord, 'file' | 'stateBefore'>): string | null {
  if (before.nextFile !== undefined && before.nextFile !== next.file) {
    return `${before.file} says that ${before.nextFile} follows, and ${next.file} does`;
  }
  if (before.stateAfter === undefined || next.stateBefore === undefined) return null;
  const [ended, begun] = [before.stateAfter.join(', '), next.stateBefore.join(', ')];
  return ended === begun ? null : `${before.file} ended with the GTIDs ${ended}, and ${next.file} begins after ${begun}`;
}

export function numberOf(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? Number.NaN);
}

function stemOf(file: string): string {
  return file.replace(/\.\d+$/, '');
}
