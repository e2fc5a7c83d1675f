import type { Schedule } from '#domain/schedule.ts';
import type { Weekday } from '#domain/states.ts';
import type { components } from '../../client/openapi.d.ts';

const DAY_HOURS = 24;

/** "Full daily at 02:00 UTC, incremental every 6 hours" */
export function scheduleWords({ fullFrequency, fullDay, fullTime, incrementalHours }: Schedule): string {
  const day = fullFrequency === 'daily' ? 'daily' : `on ${dayName(fullDay)}s`;
  return `Full ${day} at ${fullTime} UTC, ${incrementalWords(incrementalHours)}`;
}

export function incrementalWords(hours: number): string {
  if (hours === 0) return 'no incrementals';
  return hours === 1 ? 'incremental every hour' : `incremental every ${hours} hours`;
}

export function dayName(day: Weekday): string {
  return capitalized(day);
}

/** "s3.example.com/backups/team" */
export function storeWords({
  endpoint,
  bucket,
  prefix,
}: Pick<components['schemas']['PolicyStore'], 'endpoint' | 'bucket' | 'prefix'>): string {
  return [endpoint, bucket, prefix].filter((part) => part !== '').join('/');
}

export function failuresWords(count: number): string {
  return count === 1 ? '1 failed backup' : `${count} failed backups in a row`;
}

interface Kept {
  readonly schedule: Schedule;
  readonly retention: components['schemas']['PolicyRetention'];
  readonly pitrEnabled: boolean;
}

interface KeptWords {
  readonly fulls: string;
  readonly incrementals: string;
  readonly times: string;
  /** Where the numbers do not go together. */
  readonly warnings: readonly string[];
}

/** What retention means once the schedule has run that long; the rules are those of domain/retention.ts. */
export function retentionWords({ schedule, retention, pitrEnabled }: Kept): KeptWords {
  const periodDays = schedule.fullFrequency === 'daily' ? 1 : 7;
  const incrementals = keptIncrementals(schedule, retention, periodDays);
  const window = pitrEnabled ? recoveryWindow(retention, periodDays) : undefined;
  return {
    fulls: `${newestFulls(retention.fulls)}: ${spanWords(retention.fulls, periodDays)}`,
    incrementals: incrementals.words,
    times: window?.words ?? 'The moments at which the backups were taken, and no time in between',
    warnings: [...incrementals.warnings, ...(window?.warnings ?? [])],
  };
}

interface Part {
  readonly words: string;
  readonly warnings: readonly string[];
}

function newestFulls(count: number): string {
  return count === 1 ? 'The newest full' : `The newest ${count} fulls`;
}

function spanWords(count: number, periodDays: number): string {
  const unit = periodDays === 1 ? 'day' : 'week';
  return count === 1 ? `never older than about a ${unit}` : `about ${count} ${unit}s`;
}

/** Each goes with the full that it builds on. */
function keptIncrementals({ incrementalHours }: Schedule, { fulls, incrementalDays }: Kept['retention'], periodDays: number): Part {
  if (incrementalHours === 0) return { words: 'None: the schedule takes no incrementals', warnings: [] };
  const days = Math.min(incrementalDays, fulls * periodDays);
  const perPeriod = (periodDays * DAY_HOURS) / incrementalHours - 1;
  const count = Math.round((days / periodDays) * perPeriod);
  const isCut = days < incrementalDays;
  return {
    words: `Those of the last ${counted(days, 'day')}: about ${count}`,
    warnings: isCut
      ? [
          `Incrementals go with the full that they build on, so they are kept for about ${counted(days, 'day')}, not ${incrementalDays}. For ${counted(incrementalDays, 'day')} keep ${Math.ceil(incrementalDays / periodDays)} fulls.`,
        ]
      : [],
  };
}

/** It begins at a backup that is kept. */
function recoveryWindow({ fulls, logHours }: Kept['retention'], periodDays: number): Part {
  const sureHours = (fulls - 1) * periodDays * DAY_HOURS;
  if (logHours <= sureHours) return { words: `Any second of the last ${hoursWords(logHours)}`, warnings: [] };
  const needed = Math.ceil(logHours / (periodDays * DAY_HOURS)) + 1;
  return {
    words: 'Any second since the oldest full that is kept',
    warnings: [
      `Just after a full the oldest one that is kept is ${sureHours === 0 ? 'that one' : `only ${hoursWords(sureHours)} old`}, and no earlier time can be restored. For all of the last ${hoursWords(logHours)} keep ${needed} fulls.`,
    ],
  };
}

export function hoursWords(hours: number): string {
  return hours > 72 && hours % DAY_HOURS === 0 ? counted(hours / DAY_HOURS, 'day') : counted(hours, 'hour');
}

export function capitalized(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
