import type { ChainLink } from './chain.ts';
import { findChain } from './chain.ts';

export interface RetentionRules {
  /** How many of the newest fulls stay. */
  readonly fulls: number;
  readonly incrementalDays: number;
  readonly logHours: number;
  /** Without it only the logs that backups need themselves stay. */
  readonly pitrEnabled: boolean;
}

export interface RetentionBackup extends ChainLink {
  readonly firstLog: number | null;
  readonly lastLog: number | null;
}

/** Log archives from one number to another one, both included; without `to` all that follow. */
export interface LogRange {
  readonly from: number;
  readonly to?: number;
}

export interface RetentionPlan<T extends RetentionBackup> {
  /** What goes, and why; what builds on a backup goes with it. */
  readonly backups: readonly { readonly backup: T; readonly reason: string }[];
  /** What stays of each generation's logs: of one that is not named nothing does. What goes keeps its own as long as it is `completed`. */
  readonly logs: readonly { readonly generation: number; readonly keep: readonly LogRange[] }[];
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * What retention removes from a database's backups. Ages count back from the newest completed backup and never from a clock
 * beyond it: where backups have stopped, or a clock has jumped, nothing more goes by age. The newest full always stays: which one that
 * is, the catalogue's clock says, and not a server's.
 */
export function planRetention<T extends RetentionBackup>(
  rules: RetentionRules,
  backups: readonly T[],
  now: number,
  openGeneration: number | undefined,
): RetentionPlan<T> {
  const completed = backups.filter(isCompleted);
  const latest = Math.min(now, Math.max(0, ...completed.map(({ consistentAt }) => consistentAt)));
  const doomed = new Map<T, string>();
  doomFulls(rules, completed, doomed);
  doomOrphans(completed, doomed);
  doomOldIncrementals(rules, completed, doomed, latest);
  const kept = completed.filter((backup) => !doomed.has(backup));
  const generations = new Set([
    ...completed.map(({ generation }) => generation),
    ...(openGeneration === undefined ? [] : [openGeneration]),
  ]);
  // what goes stands until it is marked, which a deletion by hand does not do
  const keptIn = (generation: number): LogRange[] =>
    [kept, completed].flatMap((standing) => keptLogs(rules, standing, { generation, openGeneration, latest }));
  return {
    backups: [...doomed].map(([backup, reason]) => ({ backup, reason })),
    logs: [...generations].toSorted((a, b) => a - b).map((generation) => ({ generation, keep: merge(keptIn(generation)) })),
  };
}

type Completed<T> = T & { readonly consistentAt: number };

function isCompleted<T extends RetentionBackup>(backup: T): backup is Completed<T> {
  return backup.status === 'completed' && backup.consistentAt !== null;
}

function doomFulls<T extends RetentionBackup>(
  { fulls: count }: RetentionRules,
  completed: readonly Completed<T>[],
  doomed: Map<T, string>,
): void {
  const fulls = completed.filter(({ kind }) => kind === 'full').toSorted((a, b) => b.createdAt - a.createdAt);
  for (const full of fulls.slice(Math.max(1, count))) doomed.set(full, `it is older than the newest ${count} fulls, which are kept`);
}

/** An incremental of which a link is missing, or goes. */
function doomOrphans<T extends RetentionBackup>(completed: readonly Completed<T>[], doomed: Map<T, string>): void {
  for (const backup of completed) {
    if (backup.kind === 'full') continue;
    const chain = findChain(completed, backup.id);
    if (chain === undefined) doomed.set(backup, 'a backup that it builds on is gone');
    else if (chain[0] !== undefined && doomed.has(chain[0])) doomed.set(backup, `the full ${chain[0].id} that it builds on goes`);
  }
}

/** From the end of a chain backwards: one stays while another that stays builds on it. */
function doomOldIncrementals<T extends RetentionBackup>(
  { incrementalDays }: RetentionRules,
  completed: readonly Completed<T>[],
  doomed: Map<T, string>,
  latest: number,
): void {
  const needed = new Set<string | null>();
  for (const backup of completed.toSorted((a, b) => b.createdAt - a.createdAt)) {
    if (doomed.has(backup) || backup.kind === 'full') continue;
    const isOld = backup.consistentAt < latest - incrementalDays * DAY;
    if (isOld && !needed.has(backup.id)) doomed.set(backup, `it is older than ${incrementalDays} days`);
    else for (const link of findChain(completed, backup.id) ?? []) needed.add(link.id);
  }
}

interface Generation {
  readonly generation: number;
  readonly openGeneration: number | undefined;
  readonly latest: number;
}

/**
 * What each kept backup needs itself; and with PITR everything from the backup on that lies before the window's oldest moment. A
 * generation that a later one has taken the place of before that moment has no part in the window.
 */
function keptLogs<T extends RetentionBackup>(
  { pitrEnabled, logHours }: RetentionRules,
  kept: readonly Completed<T>[],
  { generation, openGeneration, latest }: Generation,
): LogRange[] {
  const own = kept.filter((backup) => backup.generation === generation).toSorted((a, b) => a.consistentAt - b.consistentAt);
  const ranges = own.flatMap(({ firstLog, lastLog }) => (firstLog === null || lastLog === null ? [] : [{ from: firstLog, to: lastLog }]));
  const newest = own.at(-1);
  // a first full is still to come, or only logs of after the newest one are known: nothing is cut before a backup stands
  if (newest === undefined) return [{ from: 0 }];
  const horizon = latest - logHours * HOUR;
  const isOver = kept.some((backup) => backup.generation > generation && backup.consistentAt <= horizon);
  if (!pitrEnabled) return generation === openGeneration ? [...ranges, { from: newest.lastLog ?? 0 }] : ranges;
  if (isOver) return ranges;
  const base =
    own.findLast(({ consistentAt, firstLog }) => consistentAt <= horizon && firstLog !== null) ??
    own.find(({ firstLog }) => firstLog !== null);
  return base?.firstLog == null ? ranges : [...ranges, { from: base.firstLog }];
}

function merge(ranges: readonly LogRange[]): LogRange[] {
  const merged: { from: number; to?: number }[] = [];
  for (const range of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last === undefined || (last.to !== undefined && range.from > last.to + 1)) merged.push({ ...range });
    else if (last.to !== undefined && (range.to === undefined || range.to > last.to)) {
      if (range.to === undefined) delete last.to;
      else last.to = range.to;
    }
  }
  return merged;
}

/** Whether a log archive stays. */
export function isKept(keep: readonly LogRange[], sequence: number): boolean {
  return keep.some(({ from, to }) => sequence >= from && (to === undefined || sequence <= to));
}
