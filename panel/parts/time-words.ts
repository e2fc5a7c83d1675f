const units = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** The page's clock is so much late at most: what has just happened lies ahead of it. */
export const CLOCK_MS = 10_000;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'long' });

/** "2026-11-26 11:55:03 UTC" */
export function utcWords(at: string | number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The same instant on the clock of who reads it: "12:55:03 Europe/Berlin", with the date where that is another. */
export function localWords(at: string | number): string {
  const date = new Date(at);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [day, time] = [date.toLocaleDateString('sv'), date.toLocaleTimeString('sv')];
  return `${day === date.toISOString().slice(0, 10) ? '' : `${day} `}${time} ${zone}`;
}

/** "5 minutes ago", "in 2 hours", "just now". */
export function relativeWords(at: string | number, now: number): string {
  const difference = new Date(at).getTime() - now;
  for (const [unit, ms] of units)
    if (Math.abs(difference) >= ms) return relative.format(Math.sign(difference) * Math.floor(Math.abs(difference) / ms), unit);
  return difference > CLOCK_MS ? 'in less than a minute' : 'just now';
}

/** "2 h 05 min", "12 min 3 s", "0.4 s". */
export function durationWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 10_000) return `${(Math.max(ms, 0) / 1000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
