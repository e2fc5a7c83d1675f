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

/**
 * For each second in which something was committed, the position of its first transaction; ascending in both. Transactions lie
 * in the order of their commits, so a true clock never goes back: times that a session has set are found as those that
 * are not part of the longest ascending row, or lie outside the time in which the file was written. They count as their neighbours.
 */
export function clockOf(commits: readonly Commit[], bounds: Bounds): [second: number, position: number][] {
  const runs = runsOf(commits);
  const isPossible = ({ second, certain }: Commit): boolean => certain || (second >= bounds.notBefore && second <= bounds.notAfter);
  const possible = runs.filter(isPossible);
  // where nothing is believable, something is better than a replay without a cut
  const believed = runs.every(({ certain }) => certain) ? runs : longestAscent(possible.length > 0 ? possible : runs);
  const clock: [number, number][] = [];
  for (const { second, position } of believed) {
    const last = clock.at(-1);
    if (last === undefined || second > last[0]) clock.push([second, position]);
  }
  return clock;
}

/** The first of each row of transactions of one second. */
function runsOf(commits: readonly Commit[]): Commit[] {
  return commits.filter((commit, index) => index === 0 || commit.second !== commits[index - 1]?.second);
}

/** The longest subsequence that never descends, by patience sorting. */
function longestAscent(runs: readonly Commit[]): Commit[] {
  const tails: number[] = [];
  const before: (number | undefined)[] = [];
  runs.forEach((run, index) => {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((runs[tails[middle] ?? 0]?.second ?? 0) <= run.second) low = middle + 1;
      else high = middle;
    }
    before[index] = low === 0 ? undefined : tails[low - 1];
    tails[low] = index;
  });
  const ascent: Commit[] = [];
  for (let index = tails.at(-1); index !== undefined; index = before[index]) {
    const run = runs[index];
    if (run !== undefined) ascent.push(run);
  }
  return ascent.toReversed();
}
