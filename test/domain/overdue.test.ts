import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findOverdueSince } from '#domain/overdue.ts';
import { nextSlot, type Schedule } from '#domain/schedule.ts';
import { fullFrequencies, incrementalHours, weekdays } from '#domain/states.ts';

const HOUR = 3_600_000;
const daily: Schedule = { fullFrequency: 'daily', fullTime: '02:00', fullDay: 'monday', incrementalHours: 0 };
const at = (time: string): number => Date.parse(time);

describe('a database is overdue', () => {
  it.each([
    ['daily fulls', daily, '2026-11-20T02:10:00Z', '2026-11-21T14:00:00.000Z'],
    ['incrementals every six hours', { ...daily, incrementalHours: 6 }, '2026-11-20T02:10:00Z', '2026-11-20T11:00:00.000Z'],
    ['incrementals every hour', { ...daily, incrementalHours: 1 }, '2026-11-20T02:10:00Z', '2026-11-20T04:00:00.000Z'],
    ['weekly fulls', { ...daily, fullFrequency: 'weekly' }, '2026-11-16T02:10:00Z', '2026-11-26T14:00:00.000Z'],
  ] as const)('with %s, half an interval after the slot that brought nothing, an hour at least', (_what, schedule, since, limit) => {
    expect(findOverdueSince(schedule, at(since), at(limit))).toBeUndefined();
    expect(new Date(findOverdueSince(schedule, at(since), at(limit) + 1) ?? 0).toISOString()).toBe(limit);
  });

  it('never before the next slot was due, and always two intervals and an hour after it', () => {
    const schedules = fc.record({
      fullFrequency: fc.constantFrom(...fullFrequencies),
      fullTime: fc.constantFrom('00:00', '02:30', '23:59'),
      fullDay: fc.constantFrom(...weekdays),
      incrementalHours: fc.constantFrom(...incrementalHours),
    });
    fc.assert(
      fc.property(schedules, fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }), (schedule, since) => {
        const slot = nextSlot(schedule, since).at;
        const second = nextSlot(schedule, slot).at;
        expect(findOverdueSince(schedule, since, slot)).toBeUndefined();
        expect(findOverdueSince(schedule, since, second + (second - slot) + HOUR)).toBeGreaterThan(slot);
      }),
    );
  });
});
