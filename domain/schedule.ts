import type { BackupKind, FullFrequency, IncrementalHours, Weekday } from './states.ts';
import { weekdays } from './states.ts';

/** When a policy's backups run. All times are UTC. */
export interface Schedule {
  readonly fullFrequency: FullFrequency;
  /** "HH:MM" */
  readonly fullTime: string;
  /** Counts only when `fullFrequency` is weekly. */
  readonly fullDay: Weekday;
  readonly incrementalHours: IncrementalHours;
}

export interface Slot {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind: BackupKind;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const SPREAD_MS = 5 * 60_000;

/** By how much a policy runs later than its slot, so that policies that share one do not begin at once; always the same for a policy. */
export function spreadOf(policyId: string): number {
  return Math.floor((Number.parseInt(policyId.slice(0, 8), 16) / 2 ** 32) * SPREAD_MS);
}

/** The first slot strictly after `after`. Incrementals are counted from the full's time; one that falls on a full is the full. */
export function nextSlot(schedule: Schedule, after: number): Slot {
  const full = fullAtOrBefore(schedule, after);
  const nextFull = full + fullPeriod(schedule);
  const next = incrementalAfter(schedule, full, after);
  return next < nextFull ? { at: next, kind: 'incremental' } : { at: nextFull, kind: 'full' };
}

/** The next `count` slots, in order. */
export function nextSlots(schedule: Schedule, after: number, count: number): Slot[] {
  const slots: Slot[] = [];
  for (let from = after; slots.length < count; from = slots.at(-1)?.at ?? from) slots.push(nextSlot(schedule, from));
  return slots;
}

/**
 * What is due at `now` when everything up to `handledUntil` has been handled: missed slots collapse into
 * one run, a full if any of them was one, at the latest slot of that kind. undefined when nothing is due.
 */
export function dueSlot(schedule: Schedule, handledUntil: number, now: number): Slot | undefined {
  const full = fullAtOrBefore(schedule, now);
  if (full > handledUntil) return { at: full, kind: 'full' };
  const latest = incrementalAtOrBefore(schedule, full, now);
  return latest !== undefined && latest > handledUntil ? { at: latest, kind: 'incremental' } : undefined;
}

function fullPeriod(schedule: Schedule): number {
  return schedule.fullFrequency === 'daily' ? DAY : 7 * DAY;
}

function fullAtOrBefore(schedule: Schedule, at: number): number {
  const period = fullPeriod(schedule);
  const origin = firstFull(schedule);
  return origin + Math.floor((at - origin) / period) * period;
}

/** A full's slot near the epoch, which was a Thursday. */
function firstFull(schedule: Schedule): number {
  const time = Number(schedule.fullTime.slice(0, 2)) * HOUR + Number(schedule.fullTime.slice(3)) * 60_000;
  if (schedule.fullFrequency === 'daily') return time;
  const epochWeekday = 4;
  return ((weekdays.indexOf(schedule.fullDay) - epochWeekday + 7) % 7) * DAY + time;
}

function incrementalAfter(schedule: Schedule, full: number, after: number): number {
  if (schedule.incrementalHours === 0) return Infinity;
  const step = schedule.incrementalHours * HOUR;
  return full + (Math.floor((after - full) / step) + 1) * step;
}

function incrementalAtOrBefore(schedule: Schedule, full: number, at: number): number | undefined {
  if (schedule.incrementalHours === 0) return undefined;
  const step = schedule.incrementalHours * HOUR;
  return full + Math.floor((at - full) / step) * step;
}
