/**
 * How far a replay has come, in seconds of the time that it goes through: from the end of the backup up to the target. What is
 * printed is the second of the last commit that was replayed; before the first one, and where nothing is told, it is undefined.
 */
export function replayProgress(
  printed: string,
  { backedUpAt, target }: { readonly backedUpAt: number | undefined; readonly target: Date | undefined },
): { readonly done: number; readonly total: number } | undefined {
  const lastCommit = /^\s*(\d+)\s*$/.exec(printed)?.[1];
  if (lastCommit === undefined || backedUpAt === undefined || target === undefined) return undefined;
  const total = Math.round(target.getTime() / 1000) - backedUpAt;
  if (!(total > 0)) return undefined;
  return { done: Math.min(Math.max(0, Number(lastCommit) - backedUpAt), total), total };
}
