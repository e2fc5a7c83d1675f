import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueSlot, nextSlot, nextSlots, type Schedule, spreadOf } from '#domain/schedule.ts';
import { fullFrequencies, incrementalHours, weekdays } from '#domain/states.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const schedules = fc.record({
  fullFrequency: fc.constantFrom(...fullFrequencies),
  fullTime: fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':')),
  fullDay: fc.constantFrom(...weekdays),
  incrementalHours: fc.constantFrom(...incrementalHours),
});
/** From 1970 to 2100, to the millisecond. */
const times = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });

function isFullSlot(schedule: Schedule, at: number): boolean {
  const date = new Date(at);
  const isTime = date.toISOString().slice(11) === `${schedule.fullTime}:00.000Z`;
  return isTime && (schedule.fullFrequency === 'daily' || weekdays[date.getUTCDay()] === schedule.fullDay);
}

describe('the delay of a policy', () => {
  it('is always the same, and spreads policies over five minutes', () => {
    fc.assert(
      fc.property(fc.array(fc.uuid({ version: 4 }), { minLength: 200, maxLength: 200 }), (policyIds) => {
        const minutes = policyIds.map((id) => Math.floor(spreadOf(id) / 60_000));
        expect(policyIds.map((id) => Math.floor(spreadOf(id) / 60_000))).toEqual(minutes);
        expect(minutes.every((minute) => minute >= 0 && minute < 5)).toBe(true);
      }),
    );
    const even = Array.from({ length: 16 }, (_, digit) => spreadOf(`${digit.toString(16)}0000000-0000-4000-8000-000000000000`));
    expect(even).toEqual(Array.from({ length: 16 }, (_, digit) => (digit * 300_000) / 16));
  });
});

describe('the next slot', () => {
  it('comes strictly later, and no slot lies between', () => {
    fc.assert(
      fc.property(schedules, times, fc.double({ min: 0, max: 1, noNaN: true }), (schedule, after, fraction) => {
        const next = nextSlot(schedule, after);
        expect(next.at).toBeGreaterThan(after);
        const between = after + Math.floor((next.at - after - 1) * fraction);
        expect(nextSlot(schedule, between)).toEqual(next);
      }),
    );
  });

  it('is a full exactly at the full times, which are a day or a week apart', () => {
    fc.assert(
      fc.property(schedules, times, (schedule, after) => {
        const slots = nextSlots(schedule, after, 60);
        for (const slot of slots) expect(slot.kind === 'full').toBe(isFullSlot(schedule, slot.at));
        const fulls = slots.filter((slot) => slot.kind === 'full').map((slot) => slot.at);
        const period = schedule.fullFrequency === 'daily' ? DAY : 7 * DAY;
        expect(fulls.slice(1).map((at, index) => at - (fulls[index] ?? 0))).toEqual(fulls.slice(1).map(() => period));
      }),
    );
  });

  it('is an incremental at whole intervals after the full, and never without an interval', () => {
    fc.assert(
      fc.property(schedules, times, (schedule, after) => {
        const slots = nextSlots(schedule, after, 40);
        const [first] = slots.filter((slot) => slot.kind === 'full');
        for (const slot of slots.filter(({ kind }) => kind === 'incremental')) {
          expect(schedule.incrementalHours).toBeGreaterThan(0);
          if (first !== undefined) expect(Math.abs(slot.at - first.at) % (schedule.incrementalHours * HOUR)).toBe(0);
        }
      }),
    );
  });

  it('is what a person expects', () => {
    const schedule: Schedule = { fullFrequency: 'weekly', fullTime: '02:30', fullDay: 'sunday', incrementalHours: 12 };
    const slots = nextSlots(schedule, Date.parse('2026-11-21T12:00:00Z'), 4);
    expect(slots.map(({ at, kind }) => `${kind} ${new Date(at).toISOString()}`)).toEqual([
      'incremental 2026-11-21T14:30:00.000Z',
      'full 2026-11-22T02:30:00.000Z',
      'incremental 2026-11-22T14:30:00.000Z',
      'incremental 2026-11-23T02:30:00.000Z',
    ]);
  });
});

/** A schedule with two times, at slots or anywhere. */
const stretches = fc
  .tuple(schedules, times, fc.nat({ max: 20 * DAY }), fc.boolean(), fc.boolean())
  .map(([schedule, from, waited, isFromSlot, isToSlot]) => {
    const handledUntil = isFromSlot ? nextSlot(schedule, from).at : from;
    const now = isToSlot ? nextSlot(schedule, handledUntil + waited).at : handledUntil + waited;
    return { schedule, handledUntil, now };
  });

describe('the slot that is due', () => {
  it('is none when everything has been handled, and lies after what has and not after now', () => {
    fc.assert(
      fc.property(stretches, ({ schedule, handledUntil, now }) => {
        const due = dueSlot(schedule, handledUntil, now);
        if (due === undefined) expect(nextSlot(schedule, handledUntil).at).toBeGreaterThan(now);
        else expect([due.at > handledUntil, due.at <= now]).toEqual([true, true]);
        expect(dueSlot(schedule, now, now)).toBeUndefined();
      }),
    );
  });

  it('is a full whenever a full was missed, whatever else was', () => {
    fc.assert(
      fc.property(stretches, ({ schedule, handledUntil, now }) => {
        const missed = nextSlots(schedule, handledUntil, 500).filter((slot) => slot.at <= now);
        const due = dueSlot(schedule, handledUntil, now);
        expect(due?.kind).toBe(missed.some((slot) => slot.kind === 'full') ? 'full' : missed.at(-1)?.kind);
        expect(due).toEqual(missed.findLast((slot) => slot.kind === due?.kind));
      }),
    );
  });
});
