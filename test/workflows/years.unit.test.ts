import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { nextSlot, type Schedule } from '#domain/schedule.ts';
import { weekdays } from '#domain/states.ts';
import { createYears, findLoss, HOUR, type PolicyYears } from './years-model.ts';

// outside of a workflow there is no id of its own kind
vi.mock('@temporalio/workflow', async (original) => ({ ...(await original<object>()), uuid4: () => randomUUID() }));

const names = ['a', 'b'] as const;
const YEAR = 365 * 24;
const anySchedule: fc.Arbitrary<Schedule> = fc.record({
  fullFrequency: fc.constantFrom('daily', 'weekly'),
  fullTime: fc.integer({ min: 0, max: 23 }).map((hour) => `${String(hour).padStart(2, '0')}:00`),
  fullDay: fc.constantFrom(...weekdays),
  incrementalHours: fc.constantFrom(0, 4, 6, 12),
});
const rules = fc.record({
  fulls: fc.integer({ min: 1, max: 8 }),
  incrementalDays: fc.integer({ min: 1, max: 30 }),
  logHours: fc.integer({ min: 1, max: 100 }),
  pitrEnabled: fc.boolean(),
});

type Step = readonly [words: string, act: (years: PolicyYears) => void];
const name = fc.constantFrom(...names);
const about = (words: string, act: (years: PolicyYears, id: string, pick: number) => void): fc.Arbitrary<Step> =>
  fc.tuple(name, fc.nat(30)).map(([id, pick]) => [`${words} ${id} ${pick}`, (years) => act(years, id, pick)]);
const plain = (words: string, act: (years: PolicyYears) => void): fc.Arbitrary<Step> => fc.constant<Step>([words, act]);

const quiet = [
  anySchedule.map((schedule): Step => [`edit ${JSON.stringify(schedule)}`, (years) => years.edit(schedule)]),
  plain('everything fails', (years) => void (years.isFailing = true)),
  plain('all is well', (years) => void (years.isFailing = false)),
  plain('reset', (years) => years.reset()),
  plain('pause', (years) => years.pause()),
  about('back up', (years, id) => years.backUp(id)),
  about('restore', (years, id, pick) => years.restore(id, pick)),
  about('delete', (years, id, pick) => years.remove(id, pick)),
];
const unruly = [
  about('attach', (years, id) => years.attach(id)),
  about('detach', (years, id) => years.detach(id)),
  fc.integer({ min: -1000, max: 1000 }).map((hours): Step => [`clock jumps ${hours}`, (years) => void (years.now += hours * HOUR)]),
];

/** Each step is followed by hours, 25 of them by a year and a half as a rule. */
const storyOf = (steps: fc.Arbitrary<Step>[]) =>
  fc.array(fc.tuple(fc.oneof(...steps), fc.integer({ min: 0, max: 1000 })), { maxLength: 25 });

/** What must hold at any moment. */
function look({ databases, begun }: PolicyYears): void {
  for (const database of databases.values()) expect(findLoss(database)).toBeUndefined();
  const last = begun.at(-1);
  if (last?.whilePaused === true) expect(last.slotAt).toBeUndefined();
}

function start(some: Parameters<typeof createYears>[0], schedule: Schedule, story: readonly (readonly [Step, number])[]): PolicyYears {
  const years = createYears(some, schedule, look);
  for (const id of names) years.attach(id);
  years.advance(12);
  for (const [[, act], hours] of story) {
    act(years);
    years.advance(hours);
  }
  return years;
}

test('through years of edits, failures, deletions, restores and jumps of the clock nothing that is listed is lost', () => {
  let hours = 0;
  fc.assert(
    fc.property(rules, anySchedule, storyOf([...quiet, ...unruly]), (some, schedule, story) => {
      const years = start(some, schedule, story);
      hours += story.reduce((sum, [, passed]) => sum + passed, 0);
      const events = years.memory.notices.map(({ event }) => event);
      expect(new Set(events).size).toBe(events.length);
      expect(events.filter((event) => event.startsWith('backup-failed'))).toHaveLength(years.ended.failed);
    }),
    { numRuns: 30 },
  );
  expect(hours).toBeGreaterThan(2 * YEAR);
}, 60_000);

test('every slot is begun or recorded as skipped, once', () => {
  fc.assert(
    fc.property(rules, anySchedule, storyOf(quiet.slice(1)), (some, schedule, story) => {
      const years = start(some, schedule, story);
      years.isFailing = false;
      years.advance(24);
      for (const id of names) {
        const outcomes = [...years.begun, ...years.memory.skips].flatMap(({ databaseId, slotAt }) =>
          databaseId === id && slotAt !== undefined ? [slotAt] : [],
        );
        expect(new Set(outcomes).size).toBe(outcomes.length);
        const waiting = years.memory.waiting[id] === undefined ? 0 : 1;
        const first = Math.min(...outcomes);
        let slots = 0;
        for (let { at } = nextSlot(schedule, first - 1); at <= years.now; at = nextSlot(schedule, at).at) slots += 1;
        expect(outcomes.length + waiting).toBe(outcomes.length === 0 ? waiting : slots);
      }
    }),
    { numRuns: 20 },
  );
}, 60_000);

test('what is kept, and what the policy remembers, does not grow', () => {
  fc.assert(
    fc.property(rules, anySchedule, storyOf(quiet), (some, schedule, story) => {
      const years = start(some, schedule, story);
      years.isFailing = false;
      years.reset();
      years.advance(72);
      for (const { backups } of years.databases.values())
        expect(backups.filter(({ kind }) => kind === 'full').length).toBeLessThanOrEqual(some.fulls + 3);
      const { notices: _notices, skips: _skips, ...memory } = years.memory;
      expect(JSON.stringify(memory).length).toBeLessThan(4_000);
    }),
    { numRuns: 6 },
  );
}, 60_000);
