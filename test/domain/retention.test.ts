import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findChain } from '#domain/chain.ts';
import { type GenerationHistory, reachesOf } from '#domain/recovery-window.ts';
import { isKept, planRetention, type RetentionBackup, type RetentionPlan, type RetentionRules } from '#domain/retention.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const rules: RetentionRules = { fulls: 2, incrementalDays: 3, logHours: 24, pitrEnabled: true };

/** Backups in a row, `hours` apart: "F" a full, "i" an incremental on the one before, "r" a restore that begins a generation. */
function history(story: string, hours = 12): { backups: RetentionBackup[]; generation: number; logs: number; end: number } {
  const backups: RetentionBackup[] = [];
  let [generation, log] = [1, 0];
  let parent: string | null = null;
  for (const [index, act] of story.split('').entries()) {
    log += 2;
    if (act === 'r') {
      generation += 1;
      [log, parent] = [0, null];
      continue;
    }
    const kind = act === 'F' || parent === null ? 'full' : 'incremental';
    const id = `${index}${act}`;
    const parentId: string | null = kind === 'full' ? null : parent;
    backups.push({
      id,
      kind,
      status: 'completed',
      generation,
      parentId,
      createdAt: index * hours * HOUR,
      consistentAt: index * hours * HOUR,
      firstLog: log,
      lastLog: log,
    });
    parent = id;
  }
  return { backups, generation, logs: log + 2, end: story.length * hours * HOUR };
}

const goneIds = (story: string, over: Partial<RetentionRules> = {}, now?: number): string[] => {
  const { backups, generation, end } = history(story);
  return planRetention({ ...rules, ...over }, backups, now ?? end, generation)
    .backups.map(({ backup }) => backup.id)
    .toSorted();
};

/** The logs that stay when what goes has been marked as such. */
function logsAfter(
  some: RetentionRules,
  backups: readonly RetentionBackup[],
  now: number,
  generation: number,
): RetentionPlan<RetentionBackup>['logs'] {
  const gone = new Set(planRetention(some, backups, now, generation).backups.map(({ backup }) => backup.id));
  const marked = backups.map((backup) => (gone.has(backup.id) ? { ...backup, status: 'deleting' as const } : backup));
  return planRetention(some, marked, now, generation).logs;
}

const isIn = (logs: RetentionPlan<RetentionBackup>['logs'], generation: number, sequence: number): boolean =>
  isKept(logs.find((of) => of.generation === generation)?.keep ?? [], sequence);

describe('the plan of retention', () => {
  it('keeps the newest fulls, and lets go what builds on an older one', () => {
    expect(goneIds('FiiFiFi')).toEqual(['0F', '1i', '2i']);
    expect(goneIds('F')).toEqual([]);
  });

  it('lets incrementals go by age, but not one on which a younger one builds', () => {
    expect(goneIds('Fiiiiiiiii', { fulls: 1 })).toEqual([]);
    const { backups, generation, end } = history('FiiiiFFFFFFF');
    const plan = planRetention({ ...rules, fulls: 100 }, backups, end, generation);
    expect(plan.backups.map(({ backup }) => backup.id).toSorted()).toEqual(['1i', '2i', '3i', '4i']);
    expect(plan.backups[0]?.reason).toBe('it is older than 3 days');
  });

  it('lets an incremental go whose parent is gone', () => {
    const { backups, generation, end } = history('Fii');
    const plan = planRetention(
      rules,
      backups.filter(({ id }) => id !== '1i'),
      end,
      generation,
    );
    expect(plan.backups).toMatchObject([{ backup: { id: '2i' }, reason: 'a backup that it builds on is gone' }]);
  });

  it('takes no age from a clock that has jumped, or where backups have stopped', () => {
    const story = 'FiiFii';
    expect(goneIds(story, {}, 1e15)).toEqual(goneIds(story));
    expect(goneIds(story, {}, 0)).toEqual(goneIds(story, {}, 1));
  });

  it('keeps the full that was taken last, also where an earlier one was taken while its host was a year ahead', () => {
    const { backups, generation, end } = history('FFF');
    const ahead = backups.map((backup) => (backup.id === '1F' ? { ...backup, consistentAt: 365 * DAY } : backup));
    const plan = planRetention({ ...rules, fulls: 1 }, ahead, end, generation);
    expect(plan.backups.map(({ backup }) => backup.id).toSorted()).toEqual(['0F', '1F']);
  });

  it('keeps the logs that the window needs, those that kept backups need, and none of a generation without backups', () => {
    const { backups, end } = history('FFFFFF');
    // the newest is at 60 h, so the window begins at 36 h: the full of 36 h carries it
    expect(logsAfter({ ...rules, fulls: 4 }, backups, end, 1)).toEqual([{ generation: 1, keep: [{ from: 6, to: 6 }, { from: 8 }] }]);
    expect(logsAfter({ ...rules, fulls: 4, pitrEnabled: false }, backups, end, 1)).toEqual([
      { generation: 1, keep: [{ from: 6, to: 6 }, { from: 8, to: 8 }, { from: 10, to: 10 }, { from: 12 }] },
    ]);
    const restored = history('FFrFFFF');
    expect(logsAfter({ ...rules, fulls: 2 }, restored.backups, restored.end, 2).map(({ generation }) => generation)).toEqual([2]);
    expect(planRetention(rules, [], 0, 1).logs).toEqual([{ generation: 1, keep: [{ from: 0 }] }]);
  });
});

const stories = fc.string({ unit: fc.constantFrom('F', 'i', 'i', 'i', 'r'), minLength: 1, maxLength: 40 });
const anyRules = fc.record({
  fulls: fc.integer({ min: 1, max: 6 }),
  incrementalDays: fc.integer({ min: 1, max: 5 }),
  logHours: fc.integer({ min: 1, max: 100 }),
  pitrEnabled: fc.boolean(),
});

describe('whatever the history', () => {
  it('what would go keeps its logs as long as it has not been marked', () => {
    fc.assert(
      fc.property(stories, anyRules, (story, some) => {
        const { backups, generation, end } = history(story);
        const { logs } = planRetention(some, backups, end, generation);
        for (const backup of backups) expect(isIn(logs, backup.generation, backup.firstLog ?? -1)).toBe(true);
      }),
    );
  });

  it('every backup that stays has its whole chain and its own logs, and the newest full stays', () => {
    fc.assert(
      fc.property(stories, anyRules, fc.integer({ min: -1000, max: 1000 }), (story, some, jumpHours) => {
        const { backups, generation, end } = history(story);
        const plan = planRetention(some, backups, end + jumpHours * HOUR, generation);
        const gone = new Set(plan.backups.map(({ backup }) => backup.id));
        const kept = backups.filter(({ id }) => !gone.has(id));
        const fulls = backups.filter(({ kind }) => kind === 'full');
        if (fulls.length > 0) expect(kept).toContain(fulls.at(-1));
        const logs = logsAfter(some, backups, end + jumpHours * HOUR, generation);
        for (const backup of kept) {
          expect(findChain(kept, backup.id)).toBeDefined();
          expect(isIn(logs, backup.generation, backup.firstLog ?? -1)).toBe(true);
        }
      }),
    );
  });

  it('every moment of the promised window that could be restored before can be restored after', () => {
    fc.assert(
      fc.property(stories, anyRules, (story, some) => {
        const { backups, generation } = history(story);
        const last = generation;
        const plan = planRetention({ ...some, pitrEnabled: true }, backups, Number.MAX_SAFE_INTEGER, generation);
        const gone = new Set(plan.backups.map(({ backup }) => backup.id));
        const logs = logsAfter({ ...some, pitrEnabled: true }, backups, Number.MAX_SAFE_INTEGER, generation);
        const latest = Math.max(0, ...backups.map(({ consistentAt }) => consistentAt ?? 0));
        const reach = (after: boolean): GenerationHistory[] =>
          Array.from({ length: last }, (_, index) => {
            const own = backups.filter((backup) => backup.generation === index + 1 && !(after && gone.has(backup.id)));
            const top = Math.max(0, ...backups.filter((backup) => backup.generation === index + 1).map(({ lastLog }) => lastLog ?? 0)) + 2;
            return {
              generation: index + 1,
              points: own.map(({ id, consistentAt, firstLog, lastLog }) => ({
                backupId: id,
                consistentAt: consistentAt ?? 0,
                firstLog: firstLog ?? 0,
                lastLog: lastLog ?? 0,
              })),
              pieces: Array.from({ length: top }, (_, number) => number + 1)
                .filter((sequence) => !after || (isIn(plan.logs, index + 1, sequence) && isIn(logs, index + 1, sequence)))
                .map((sequence) => ({ sequence, name: String(sequence), coversUntil: coveredBy(backups, index + 1, sequence) })),
              gaps: [],
            };
          });
        const can = (of: GenerationHistory[], at: number): boolean =>
          of.flatMap(reachesOf).some(({ point, to }) => point.consistentAt < at && at <= to);
        const [before, after] = [reach(false), reach(true)];
        // the fulls that are kept by number may be younger than the window: it begins at the oldest of them
        const oldest = Math.min(...after.flatMap(({ points }) => points.map(({ consistentAt }) => consistentAt)));
        for (let at = Math.max(latest - some.logHours * HOUR, oldest) + 1; at <= latest + DAY; at += HOUR) {
          if (can(before, at)) expect(can(after, at)).toBe(true);
        }
      }),
    );
  });
});

/** A log that is closed with a backup covers the time up to it; the one after, the time up to the next backup. */
function coveredBy(backups: readonly RetentionBackup[], generation: number, sequence: number): number {
  const own = backups.filter((backup) => backup.generation === generation);
  const next = own.find(({ firstLog }) => (firstLog ?? 0) >= sequence);
  return (next?.consistentAt ?? (own.at(-1)?.consistentAt ?? 0) + 12 * HOUR) - ((next?.firstLog ?? 0) === sequence ? 0 : 1);
}
