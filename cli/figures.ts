const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;

const relative = new Intl.RelativeTimeFormat('en', { style: 'narrow' });
const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `2026-11-22 21:50:11 UTC (3h ago)`; a dash for no time. */
export function timeText(iso: string | null, now = Date.now()): string {
  return iso === null ? '-' : `${instantText(Date.parse(iso))} (${relativeText(Date.parse(iso), now)})`;
}

/** Milliseconds since the epoch; what is less than a second is cut off. */
export function instantText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function relativeText(at: number, now = Date.now()): string {
  const seconds = Math.round((at - now) / 1000);
  const size = Math.abs(seconds);
  if (size < MINUTE_S) return relative.format(seconds, 'second');
  if (size < HOUR_S) return relative.format(Math.trunc(seconds / MINUTE_S), 'minute');
  if (size < 2 * DAY_S) return relative.format(Math.trunc(seconds / HOUR_S), 'hour');
  return relative.format(Math.trunc(seconds / DAY_S), 'day');
}

/** Decimal, as disks are sold and S3 is billed. */
export function sizeText(bytes: number | null): string {
  if (bytes === null) return '-';
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), sizeUnits.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${sizeUnits[power]}`;
}

export function durationText(seconds: number | null): string {
  if (seconds === null) return '-';
  const whole = Math.round(seconds);
  if (whole < MINUTE_S) return `${whole} s`;
  if (whole < HOUR_S) return `${Math.floor(whole / MINUTE_S)} min ${whole % MINUTE_S} s`;
  return `${Math.floor(whole / HOUR_S)} h ${Math.floor((whole % HOUR_S) / MINUTE_S)} min`;
}

/** null for what has not ended. */
export function secondsTaken({
  startedAt,
  endedAt,
}: {
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}): number | null {
  return startedAt === null || endedAt === null ? null : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
}

/**
 * To the second, for `target`: with an offset, Z or UTC, so that nobody's own time is taken for another. undefined for anything
 * else, also for days that no month has.
 */
export function parseTime(text: string): string | undefined {
  const [, day, clock, zone] = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d) ?(Z|UTC|[+-]\d\d:\d\d)$/.exec(text.trim()) ?? [];
  const [asUtc, at] = [Date.parse(`${day}T${clock}Z`), Date.parse(`${day}T${clock}${zone === 'UTC' ? 'Z' : zone}`)];
  const isReal = !Number.isNaN(at) && new Date(asUtc).toISOString().startsWith(`${day}T${clock}`);
  return isReal ? new Date(at).toISOString().replace('.000Z', 'Z') : undefined;
}
