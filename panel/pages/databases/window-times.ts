import type { components } from '../../client/openapi.d.ts';

const SECOND = 1000;

interface Nearest {
  readonly before?: number;
  readonly after?: number;
}

/** The restorable seconds around one that is not: a time after `from` and not after `to` of an interval can be restored. */
export function nearestTimes({ intervals }: Pick<components['schemas']['RecoveryWindow'], 'intervals'>, target: number): Nearest {
  const seconds = intervals
    .map(({ from, to }) => ({ first: firstSecond(Date.parse(from)), last: secondOf(Date.parse(to)) }))
    .filter(({ first, last }) => first <= last);
  const before = Math.max(...seconds.map(({ last }) => last).filter((last) => last < target));
  const after = Math.min(...seconds.map(({ first }) => first).filter((first) => first > target));
  return { ...(before === -Infinity ? {} : { before }), ...(after === Infinity ? {} : { after }) };
}

/** The last second that can be restored of what was there before: of the newest stretch that had begun by then. */
export function lastOfBefore({ intervals }: Pick<components['schemas']['RecoveryWindow'], 'intervals'>, at: number): number | undefined {
  const stretch = intervals.findLast(({ from }) => Date.parse(from) < at);
  return stretch === undefined ? undefined : secondOf(Date.parse(stretch.to));
}

/** The second that a moment lies in. */
export function secondOf(at: number): number {
  return Math.floor(at / SECOND) * SECOND;
}

function firstSecond(from: number): number {
  return secondOf(from) + SECOND;
}

/** As the API takes it. */
export function isoSecond(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
