import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countOutcome, failuresUntilPause, noFailures, statusOf } from '#domain/failures.ts';

const failed = { databaseName: 'orders', error: 'the disk is full' };
const well = { databaseName: 'orders' };

describe('the count of failed backups', () => {
  it('pauses at the third in a row, and says of which database and why', () => {
    const [one, two, three] = [1, 2, 3].map((times) => Array.from({ length: times }, () => failed).reduce(countOutcome, noFailures));
    expect([one?.paused, two?.paused, three?.paused]).toEqual([false, false, true]);
    expect(three).toEqual({ consecutive: 3, paused: true, lastError: 'orders: the disk is full' });
  });

  it('is cleared by one that went well, also while paused', () => {
    const paused = [failed, failed, failed].reduce(countOutcome, noFailures);
    expect(countOutcome(paused, well)).toEqual(noFailures);
  });

  it('counts exactly the failures since the last success, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (outcomes) => {
        const count = outcomes.map((ok) => (ok ? well : failed)).reduce(countOutcome, noFailures);
        const since = outcomes.length - 1 - outcomes.lastIndexOf(true);
        expect(count.consecutive).toBe(since);
        expect(count.paused).toBe(since >= failuresUntilPause);
      }),
    );
  });

  it('shows as paused only while the store is good', () => {
    const paused = { ...noFailures, paused: true };
    expect((['validating', 'active', 'error'] as const).map((store) => statusOf(store, paused))).toEqual(['validating', 'paused', 'error']);
    expect(statusOf('active', noFailures)).toBe('active');
  });
});
