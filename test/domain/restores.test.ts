import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChainLink, decideKind, findChain } from '#domain/chain.ts';
import { type GenerationHistory, recoveryWindow } from '#domain/recovery-window.ts';
import { planBackupRestore, planTimeRestore } from '#domain/restore-plan.ts';
import { backupStatuses } from '#domain/states.ts';

interface World {
  readonly backups: ChainLink[];
  readonly histories: GenerationHistory[];
}

const full = (id: string, log: number): ChainLink => ({
  id,
  kind: 'full',
  status: 'completed',
  generation: 1,
  parentId: null,
  createdAt: log * 1000 + 500,
  consistentAt: log * 1000 + 500,
});

/**
 * A random life: generations, in each a log of numbered pieces of which some are lost, each covering up to an
 * instant, and backups that need one or two of them. Commits happen all the time, so a time is restorable when a
 * backup was consistent before it and nothing is lost from there to a piece that covers it.
 */
const worlds: fc.Arbitrary<World> = fc
  .array(
    fc.record({
      pieces: fc.array(fc.record({ lost: fc.nat({ max: 7 }).map((roll) => roll === 0), marked: fc.boolean(), late: fc.nat({ max: 1 }) }), {
        minLength: 1,
        maxLength: 12,
      }),
      backups: fc.array(
        fc.record({
          at: fc.nat({ max: 11 }),
          span: fc.nat({ max: 1 }),
          incremental: fc.boolean(),
          status: fc.constantFrom('completed', 'completed', ...backupStatuses),
        }),
        { maxLength: 5 },
      ),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((generations) => {
    const backups: ChainLink[] = [];
    const histories = generations.map(({ pieces, backups: taken }, index): GenerationHistory => {
      const start = index * 20_000;
      const generation = index + 1;
      const points = taken
        .toSorted((a, b) => a.at - b.at)
        .map((backup, order) => {
          const id = `g${generation}b${order}`;
          const parent = backups.findLast((earlier) => earlier.generation === generation);
          const isIncremental = backup.incremental && parent !== undefined;
          const consistentAt = start + backup.at * 1000 + 500;
          backups.push({
            id,
            kind: isIncremental ? 'incremental' : 'full',
            status: backup.status,
            generation,
            parentId: isIncremental ? parent.id : null,
            createdAt: consistentAt,
            consistentAt,
          });
          return {
            backupId: id,
            consistentAt,
            firstLog: backup.at,
            lastLog: backup.at + backup.span,
            completed: backup.status === 'completed',
          };
        });
      return {
        generation,
        points: points.filter((point) => point.completed),
        pieces: pieces.flatMap(({ lost, marked, late }, sequence) =>
          lost ? [] : [{ sequence, name: `p${sequence}`, coversUntil: marked ? start + (sequence + late) * 1000 + 500 : null }],
        ),
        gaps: [],
      };
    });
    return { backups, histories };
  });

/** Half of them at the very turn of something. */
const targets = fc.oneof(
  fc.integer({ min: -1000, max: 60_000 }),
  fc.integer({ min: -2, max: 120 }).map((halves) => halves * 500),
);

/** Says the same as the rules, slowly and from the definition. */
function canReach({ backups, histories }: World, target: number): boolean {
  return histories.some(({ points, pieces }) =>
    points.some((point) => {
      if (point.consistentAt >= target || findChain(backups, point.backupId) === undefined) return false;
      const cover = pieces.find((piece) => piece.sequence >= point.lastLog && piece.coversUntil !== null && piece.coversUntil >= target);
      if (cover === undefined) return false;
      const needed = Array.from({ length: cover.sequence - point.firstLog + 1 }, (_, index) => point.firstLog + index);
      return needed.every((sequence) => pieces.some((piece) => piece.sequence === sequence));
    }),
  );
}

describe('the recovery window', () => {
  it('is a list of intervals in order that do not touch, with a hole and its reason between each two', () => {
    fc.assert(
      fc.property(worlds, ({ histories }) => {
        const { intervals, holes } = recoveryWindow(histories);
        for (const { from, to } of [...intervals, ...holes]) expect(from).toBeLessThan(to);
        expect(holes.map(({ from, to }) => ({ from, to }))).toEqual(
          intervals.slice(1).map(({ from }, index) => ({ from: intervals[index]?.to, to: from })),
        );
        for (const hole of holes) expect(hole.reason).not.toBe('');
      }),
    );
  });

  it('ends at a gap also where the log archive of that number is there, which does not continue the one before it', () => {
    const pieces = [0, 1, 2, 3].map((sequence) => ({ sequence, name: `p${sequence}`, coversUntil: (sequence + 1) * 1000 }));
    const points = [0, 2].map((log) => ({ backupId: `b${log}`, consistentAt: log * 1000 + 500, firstLog: log, lastLog: log }));
    expect(recoveryWindow([{ generation: 1, points, pieces, gaps: [{ sequence: 2, reason: 'the server was promoted' }] }])).toEqual({
      intervals: [
        { from: 500, to: 2000 },
        { from: 2500, to: 4000 },
      ],
      holes: [{ from: 2000, to: 2500, reason: 'the server was promoted' }],
    });
  });

  it('names the gap that the check of the logs found', () => {
    const pieces = [0, 1, 3, 4].map((sequence) => ({ sequence, name: `p${sequence}`, coversUntil: (sequence + 1) * 1000 }));
    const point = (backupId: string, log: number) => ({ backupId, consistentAt: log * 1000 + 500, firstLog: log, lastLog: log });
    const history = {
      generation: 1,
      points: [point('a', 0), point('b', 3)],
      pieces,
      gaps: [{ sequence: 2, reason: 'segment 2 is missing' }],
    };
    expect(recoveryWindow([history])).toEqual({
      intervals: [
        { from: 500, to: 2000 },
        { from: 3500, to: 5000 },
      ],
      holes: [{ from: 2000, to: 3500, reason: 'segment 2 is missing' }],
    });
  });
});

describe('a restore to a time', () => {
  it('is planned exactly when some whole chain and unbroken logs reach it, on the newest such base', () => {
    fc.assert(
      fc.property(worlds, targets, (world, target) => {
        const plan = (): unknown => planTimeRestore(world.backups, world.histories, target);
        if (!canReach(world, target)) {
          expect(plan).toThrow(/cannot be restored to/);
          return;
        }
        const { chain, generation } = planTimeRestore(world.backups, world.histories, target);
        const base = chain.at(-1);
        expect(base?.consistentAt).toBeLessThan(target);
        expect([base?.generation, chain[0]?.kind]).toEqual([generation, 'full']);
        const later = world.backups.filter((backup) => (backup.consistentAt ?? 0) > (base?.consistentAt ?? 0));
        expect(
          canReach(
            {
              ...world,
              histories: world.histories.map((history) => ({
                ...history,
                points: history.points.filter((point) => later.some(({ id }) => id === point.backupId)),
              })),
            },
            target,
          ),
        ).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  const pieceOf = (sequence: number) => ({ sequence, name: `p${sequence}`, coversUntil: (sequence + 1) * 1000 });

  it('rests on the newest base that was consistent before it', () => {
    const backups = [full('old', 0), full('new', 2), full('later', 4)];
    const points = backups.map(({ id, consistentAt }, index) => ({
      backupId: id,
      consistentAt: consistentAt ?? 0,
      firstLog: index * 2,
      lastLog: index * 2,
    }));
    const history = { generation: 1, points, pieces: [0, 1, 2, 3, 4, 5].map(pieceOf), gaps: [] };
    expect(planTimeRestore(backups, [history], 4000).chain.map(({ id }) => id)).toEqual(['new']);
  });

  it('is refused on a backup whose own logs are not all there', () => {
    const history = {
      generation: 1,
      points: [{ backupId: 'a', consistentAt: 500, firstLog: 0, lastLog: 1 }],
      pieces: [pieceOf(0)],
      gaps: [],
    };
    expect(() => planTimeRestore([full('a', 0)], [history], 900)).toThrow(/there is no recovery window yet/);
  });

  it('outside the window is always refused', () => {
    fc.assert(
      fc.property(worlds, targets, (world, target) => {
        const { intervals } = recoveryWindow(world.histories);
        if (!intervals.some(({ from, to }) => from < target && target <= to))
          expect(() => planTimeRestore(world.backups, world.histories, target)).toThrow();
      }),
    );
  });
});

describe('a chain', () => {
  it('begins with a full, each link on the one before, all completed and of one generation', () => {
    fc.assert(
      fc.property(worlds, ({ backups }) => {
        for (const { id } of backups) {
          const chain = findChain(backups, id);
          if (chain === undefined) {
            expect(() => planBackupRestore(backups, id)).toThrow(/not completed|not known/);
            continue;
          }
          expect(chain.map((link) => link.kind)).toEqual(['full', ...chain.slice(1).map(() => 'incremental')]);
          expect(chain.map((link) => link.parentId)).toEqual([null, ...chain.slice(0, -1).map((link) => link.id)]);
          expect(new Set(chain.map((link) => `${link.status} ${link.generation}`)).size).toBe(1);
          expect(chain.at(-1)?.id).toBe(id);
        }
      }),
    );
  });

  it('that goes round in a circle is none', () => {
    const link = (id: string, parentId: string): ChainLink => ({
      id,
      kind: 'incremental',
      status: 'completed',
      generation: 1,
      parentId,
      createdAt: 1,
      consistentAt: 1,
    });
    expect(findChain([link('a', 'b'), link('b', 'a')], 'a')).toBeUndefined();
  });

  it('decides the kind: an incremental builds on the newest completed backup of the generation, or is a full with a reason', () => {
    fc.assert(
      fc.property(worlds, fc.integer({ min: 1, max: 4 }), ({ backups }, generation) => {
        expect(decideKind('full', backups, generation)).toEqual({ kind: 'full' });
        const decision = decideKind('incremental', backups, generation);
        if (decision.kind === 'full') {
          expect(decision.fallbackReason).toBeTruthy();
        } else {
          expect(findChain(backups, decision.parent.id)).toBeDefined();
          const usable = backups.filter((backup) => backup.status === 'completed' && backup.generation === generation);
          expect(decision.parent.consistentAt).toBe(Math.max(...usable.map((backup) => backup.consistentAt ?? 0)));
        }
      }),
    );
  });

  it('builds on the backup that was taken last, also where an earlier one was taken while its host was a year ahead', () => {
    const ahead = { ...full('ahead', 0), consistentAt: 365 * 86_400_000 };
    expect(decideKind('incremental', [ahead, full('last', 2)], 1)).toMatchObject({ kind: 'incremental', parent: { id: 'last' } });
  });
});
