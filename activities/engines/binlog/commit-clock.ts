/** The beginning of one transaction in a binary log. */
export interface Commit {
  /** When it was committed, by its own account, seconds since the epoch. */
  readonly second: number;
  readonly position: number;
  /** Whether a session cannot have set the time (`SET timestamp`). */
  readonly certain: boolean;
}

/** By the server's own clock: the last commit of the file before, and when this file was closed. Seconds since the epoch. */
export interface Bounds {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Who says to have begun so much later than those before is not taken for one whose session has set the time; seconds. */
const AHEAD = 2;

/**
 * For each second in which something was committed, the position of its first transaction; ascending in both. Transactions lie
 * in the order of their commits, so a true clock never goes back: times that a session has set are found as those that
 * are not part of the longest ascending row, or lie outside the time in which the file was written. They count as their neighbours.
 *
 * MariaDB tells when the statement that committed began, never later than the commit: what tells a second was committed in it or after
 * it, and those behind it that tell the second before were late. So the first that tells a second counts, also where the row leaves it out.
 */
export function clockOf(commits: readonly Commit[], bounds: Bounds): [second: number, position: number][] {
  const possible = commits.filter(({ second, certain }) => certain || (second >= bounds.notBefore && second <= bounds.notAfter));
  const [first] = commits;
  // where nothing is believable, all of the file was committed within its time
  if (possible.length === 0 && first !== undefined)
    return [[Math.min(Math.max(first.second, bounds.notBefore), bounds.notAfter), first.position]];
  const row = possible.every(({ certain }) => certain) ? possible : longestAscent(possible);
  const clock: [number, number][] = [];
  let [now, inRow] = [row[0]?.second ?? 0, row[0]?.second ?? 0];
  let next = 0;
  for (const commit of possible) {
    const isInRow = commit === row[next];
    if (isInRow) [next, inRow] = [next + 1, commit.second];
    else if (commit.second > inRow + AHEAD) continue;
    if (clock.length === 0 ? commit.second < now : commit.second <= now) continue;
    now = commit.second;
    clock.push([now, commit.position]);
  }
  return clock;
}

/** The longest subsequence that never descends, by patience sorting from the end: of several the one that is highest everywhere. */
function longestAscent(commits: readonly Commit[]): Commit[] {
  const heads: number[] = [];
  const next: (number | undefined)[] = [];
  for (let index = commits.length - 1; index >= 0; index--) {
    const second = commits[index]?.second ?? 0;
    let [low, high] = [0, heads.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((commits[heads[middle] ?? 0]?.second ?? 0) >= second) low = middle + 1;
      else high = middle;
    }
    next[index] = low === 0 ? undefined : heads[low - 1];
    heads[low] = index;
  }
  const ascent: Commit[] = [];
  for (let index = heads.at(-1); index !== undefined; index = next[index]) {
    const commit = commits[index];
    if (commit !== undefined) ascent.push(commit);
  }
  return ascent;
}
