import { nextSlot, type Schedule } from './schedule.ts';

const SHORTEST_GRACE_MS = 3_600_000;

/**
 * Since when a database has been without a backup that its schedule promised, in milliseconds since the epoch; undefined while it is not.
 * `since` is the end of its last successful backup, or its attachment where there is none. The next slot after it has half an interval
 * to succeed, an hour at least. Whether the policy is paused does not count: the database is unprotected all the same (design.md, P12).
 */
export function findOverdueSince(schedule: Schedule, since: number, now: number): number | undefined {
  const { at } = nextSlot(schedule, since);
  const interval = nextSlot(schedule, at).at - at;
  const limit = at + Math.max(SHORTEST_GRACE_MS, interval / 2);
  return now > limit ? limit : undefined;
}
