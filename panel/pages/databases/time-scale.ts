/** What a time line shows, in milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const ranges = {
  hour: { label: 'Last hour', ms: HOUR },
  day: { label: 'Last day', ms: DAY },
  week: { label: 'Last week', ms: 7 * DAY },
  all: { label: 'All', ms: Infinity },
} as const;

export type Range = keyof typeof ranges;

export function isRange(word: string): word is Range {
  return Object.hasOwn(ranges, word);
}

/** That which shows everything since `oldest`, the last week at most. */
export function usualRange(oldest: number | undefined, now: number): Range {
  if (oldest === undefined) return 'day';
  if (now - oldest <= HOUR) return 'hour';
  return now - oldest <= 8 * DAY ? 'all' : 'week';
}

/** Up to now; "all" since `oldest`, an hour at least, with a little room before it. */
export function spanOf(range: Range, oldest: number | undefined, now: number): Span {
  if (range !== 'all') return { from: now - ranges[range].ms, to: now };
  const length = Math.max(HOUR, now - (oldest ?? now));
  return { from: now - length * 1.03, to: now };
}

const steps = [
  MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  28 * DAY,
  91 * DAY,
  364 * DAY,
];

interface Tick {
  readonly at: number;
  /** "14:30", or "11-26" where a day begins. */
  readonly label: string;
}

/** Round times within the span, `most` of them at most. */
export function ticksOf({ from, to }: Span, most: number): Tick[] {
  const step = steps.find((candidate) => (to - from) / candidate <= most) ?? (to - from) / most;
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, index) => {
    const at = first + index * step;
    const iso = new Date(at).toISOString();
    return { at, label: at % DAY === 0 ? iso.slice(5, 10) : iso.slice(11, 16) };
  });
}
