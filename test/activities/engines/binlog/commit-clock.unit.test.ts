import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clockOf, type Commit } from '#activities/engines/binlog/commit-clock.ts';

const bounds = { notBefore: 100, notAfter: 1000 };

/** Transactions at 10, 20, … with these times. */
function commitsAt(...seconds: number[]): Commit[] {
  return seconds.map((second, index) => ({ second, position: (index + 1) * 10, certain: false }));
}

describe('the clock of commits', () => {
  it('gives each second the position of its first transaction', () => {
    expect(clockOf(commitsAt(100, 100, 101, 101, 105), bounds)).toEqual([
      [100, 10],
      [101, 30],
      [105, 50],
    ]);
  });

  it('does not believe a session that set its time into the future, within the time of the file or beyond it', () => {
    expect(clockOf(commitsAt(100, 101, 900, 102, 103, 5000, 104), bounds)).toEqual([
      [100, 10],
      [101, 20],
      [102, 40],
      [103, 50],
      [104, 70],
    ]);
  });

  it('does not believe a session that set its time into the past', () => {
    expect(clockOf(commitsAt(200, 201, 150, 202, 3, 203), bounds).map(([second]) => second)).toEqual([200, 201, 202, 203]);
  });

  it('gives a second the first transaction that tells it, whatever late ones follow that began before it', () => {
    expect(clockOf(commitsAt(110, 111, 110, 111, 112), bounds)).toEqual([
      [110, 10],
      [111, 20],
      [112, 50],
    ]);
    expect(clockOf(commitsAt(110, 111, 110, 110, 110, 112, 111, 111, 112), bounds)).toEqual([
      [110, 10],
      [111, 20],
      [112, 60],
    ]);
    expect(clockOf(commitsAt(111, 110, 110, 111, 112), bounds)).toEqual([
      [111, 10],
      [112, 50],
    ]);
  });

  it('does not follow sessions that set their times step by step into the future', () => {
    const clock = clockOf(commitsAt(110, 112, 114, 116, 110, 110, 110, 110, 111, 113), bounds);
    expect(clock.map(([second]) => second)).toEqual([110, 112, 113]);
  });

  it('takes what nobody can believe for committed while the file was written, so that what follows is not cut off', () => {
    expect(clockOf(commitsAt(5000, 5001), bounds)).toEqual([[bounds.notAfter, 10]]);
    expect(clockOf(commitsAt(3), bounds)).toEqual([[bounds.notBefore, 10]]);
  });

  it('takes times that no session can set as they are, and never goes back', () => {
    const certain = commitsAt(100, 102, 101, 103).map((commit) => ({ ...commit, certain: true }));
    expect(clockOf(certain, bounds)).toEqual([
      [100, 10],
      [102, 20],
      [103, 40],
    ]);
  });

  it('finds every honest second among fewer liars, whatever they say', () => {
    const honest = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 5, maxLength: 60 });
    fc.assert(
      fc.property(honest, fc.infiniteStream(fc.integer({ min: 100, max: 1000 })), (steps, lies) => {
        let now = 300;
        const times = steps.map((step) => (now = Math.min(990, now + step)));
        const mixed = times.flatMap((time, index) => (index % 3 === 1 ? [time, lies.next().value as number] : [time]));
        const clock = clockOf(commitsAt(...mixed), bounds);
        for (const [index, [second]] of clock.entries()) expect(second).toBeGreaterThan(clock[index - 1]?.[0] ?? 0);
        const found = new Set(clock.map(([second]) => second));
        // a lie that fits between its neighbours cannot be told from the truth; it displaces at most one that is true
        expect(times.filter((time) => !found.has(time)).length).toBeLessThanOrEqual(mixed.length - times.length);
      }),
    );
  });
});
