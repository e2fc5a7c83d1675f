/**
 * The restorable times of a database. Times are milliseconds since the epoch.
 *
 * Log archives are numbered: within a generation, the piece `n + 1` continues the piece `n`. A time is
 * restorable when a backup was consistent before it and every piece from that backup on, up to one that
 * is known to hold everything before that time, is there.
 */
export interface LogPiece {
  readonly sequence: number;
  readonly name: string;
  /** Every commit before this instant is in this piece or an earlier one; null when that is not known. */
  readonly coversUntil: number | null;
}

export interface RestorePoint {
  readonly backupId: string;
  /** From this moment on the backup's data is consistent. */
  readonly consistentAt: number;
  /** The pieces that the backup itself needs. */
  readonly firstLog: number;
  readonly lastLog: number;
}

export interface GenerationHistory {
  readonly generation: number;
  readonly points: readonly RestorePoint[];
  readonly pieces: readonly LogPiece[];
  /** Why a piece is missing, where the check of continuity could say. */
  readonly gaps: readonly LogGap[];
}

export interface LogGap {
  readonly sequence: number;
  readonly reason: string;
}

export interface WindowInterval {
  readonly from: number;
  readonly to: number;
}

export interface WindowHole extends WindowInterval {
  readonly reason: string;
}

export interface RecoveryWindow {
  readonly intervals: readonly WindowInterval[];
  readonly holes: readonly WindowHole[];
}

/** How far one backup can be rolled forward, and what stops it. */
export interface Reach {
  readonly generation: number;
  readonly point: RestorePoint;
  readonly to: number;
  /** Why the logs break off; undefined when they simply end. */
  readonly brokenBy: string | undefined;
}

export function recoveryWindow(generations: readonly GenerationHistory[]): RecoveryWindow {
  const reaches = generations.flatMap(reachesOf).toSorted((a, b) => a.point.consistentAt - b.point.consistentAt);
  const intervals: WindowInterval[] = [];
  const holes: WindowHole[] = [];
  let open: Reach | undefined;
  for (const reach of reaches) {
    const last = intervals.at(-1);
    if (last === undefined || open === undefined) {
      intervals.push({ from: reach.point.consistentAt, to: reach.to });
    } else if (reach.point.consistentAt <= last.to) {
      intervals[intervals.length - 1] = { from: last.from, to: Math.max(last.to, reach.to) };
    } else {
      holes.push({ from: last.to, to: reach.point.consistentAt, reason: holeReason(open, reach) });
      intervals.push({ from: reach.point.consistentAt, to: reach.to });
    }
    if (open === undefined || reach.to >= open.to) open = reach;
  }
  return { intervals, holes };
}

/** Every backup that can be rolled forward, with how far. */
export function reachesOf(history: GenerationHistory): Reach[] {
  const runs = runsOf(history);
  return history.points.flatMap((point) => {
    const reach = rollForward(point, runs, history);
    return reach === undefined ? [] : [{ generation: history.generation, point, ...reach }];
  });
}

/** What follows from a piece on without a gap. */
interface Run {
  /** The first number that is missing. */
  readonly end: number;
  readonly coversUntil: number | null;
}

/** By the number of its first piece. A piece may be there that does not continue the one before it: then a gap stands at its number. */
function runsOf({ pieces, gaps }: GenerationHistory): ReadonlyMap<number, Run> {
  const runs = new Map<number, Run>();
  const broken = new Set(gaps.map((gap) => gap.sequence));
  for (const { sequence, coversUntil } of pieces.toSorted((a, b) => b.sequence - a.sequence)) {
    const next = broken.has(sequence + 1) ? undefined : runs.get(sequence + 1);
    const later = next?.coversUntil ?? null;
    const furthest = later === null || coversUntil === null ? (later ?? coversUntil) : Math.max(later, coversUntil);
    runs.set(sequence, { end: next?.end ?? sequence + 1, coversUntil: furthest });
  }
  return runs;
}

function rollForward(
  { firstLog, lastLog, consistentAt }: RestorePoint,
  runs: ReadonlyMap<number, Run>,
  history: GenerationHistory,
): Pick<Reach, 'to' | 'brokenBy'> | undefined {
  const end = runs.get(firstLog)?.end ?? firstLog;
  const to = end > lastLog ? (runs.get(Math.max(firstLog, lastLog))?.coversUntil ?? null) : null;
  if (to === null || to <= consistentAt) return undefined;
  return { to, brokenBy: breakAt(end, history) };
}

function breakAt(sequence: number, history: GenerationHistory): string | undefined {
  const gap = history.gaps.find((candidate) => candidate.sequence === sequence);
  if (gap !== undefined) return gap.reason;
  const more = history.pieces.some((piece) => piece.sequence > sequence);
  return more ? `log archive ${sequence} of generation ${history.generation} is missing` : undefined;
}

function holeReason(before: Reach, after: Reach): string {
  if (before.brokenBy !== undefined) return before.brokenBy;
  if (before.generation !== after.generation)
    return `generation ${after.generation} began; its first full ended at ${iso(after.point.consistentAt)}`;
  return 'no logs were archived for this time';
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
