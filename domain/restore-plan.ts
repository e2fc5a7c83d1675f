import type { ChainLink } from './chain.ts';
import { findChain } from './chain.ts';
import { TidemarkError } from './errors.ts';
import type { GenerationHistory, Reach } from './recovery-window.ts';
import { reachesOf, recoveryWindow } from './recovery-window.ts';

/** What a restore rests on. Without `target` it brings back exactly the base. */
export interface RestorePlan<T extends ChainLink> {
  readonly generation: number;
  /** The backup and what it builds on, the full first. */
  readonly chain: readonly T[];
  /** Milliseconds since the epoch: everything committed before it, nothing committed at or after it. */
  readonly target?: number;
}

/** Throws `backup-not-restorable`. */
export function planBackupRestore<T extends ChainLink>(backups: readonly T[], backupId: string): RestorePlan<T> {
  const chain = findChain(backups, backupId);
  if (chain === undefined) {
    const found = backups.find((backup) => backup.id === backupId);
    throw new TidemarkError(
      'backup-not-restorable',
      `backup ${backupId} ${found === undefined ? 'is not known' : 'or one that it builds on is not completed'}`,
    );
  }
  return { generation: chain[0]?.generation ?? 0, chain };
}

/** Takes the newest base that was consistent before the target and reaches it; throws `target-outside-window`, saying which hole. */
export function planTimeRestore<T extends ChainLink>(
  backups: readonly T[],
  histories: readonly GenerationHistory[],
  target: number,
): RestorePlan<T> {
  const candidates = histories.flatMap(reachesOf).filter((reach) => reach.point.consistentAt < target && target <= reach.to);
  for (const reach of candidates.toSorted(newestFirst)) {
    const chain = findChain(backups, reach.point.backupId);
    if (chain !== undefined) return { generation: reach.generation, chain, target };
  }
  throw new TidemarkError('target-outside-window', whyOutside(histories, target));
}

function newestFirst(a: Reach, b: Reach): number {
  return b.point.consistentAt - a.point.consistentAt;
}

function whyOutside(histories: readonly GenerationHistory[], target: number): string {
  const asked = `the database cannot be restored to ${iso(target)}`;
  const { intervals, holes } = recoveryWindow(histories);
  const [first] = intervals;
  const last = intervals.at(-1);
  if (first === undefined || last === undefined) return `${asked}: there is no recovery window yet`;
  const hole = holes.find(({ from, to }) => from < target && target <= to);
  if (hole !== undefined) return `${asked}: it lies in the hole from ${iso(hole.from)} to ${iso(hole.to)}, because ${hole.reason}`;
  if (target <= first.from) return `${asked}: the recovery window begins after ${iso(first.from)}`;
  return `${asked}: the recovery window ends at ${iso(last.to)}`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
