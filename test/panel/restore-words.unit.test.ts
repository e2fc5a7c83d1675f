import { describe, expect, it } from 'vitest';
import { chainsOf } from '#panel/pages/databases/backup-chains.ts';
import { spanOf, ticksOf, usualRange } from '#panel/pages/databases/time-scale.ts';
import { isoSecond, lastOfBefore, nearestTimes } from '#panel/pages/databases/window-times.ts';

const at = (time: string) => Date.parse(`2026-11-26T${time}Z`);
const DAY = 86_400_000;

describe('the times nearest to one that cannot be restored', () => {
  const interval = (from: string, to: string) => ({ from: `2026-11-26T${from}Z`, to: `2026-11-26T${to}Z` });
  const intervals = [interval('08:00:00.000', '10:00:00.500'), interval('12:00:00.250', '14:00:00.000')];

  it('lie after the beginning of an interval and not after its end', () => {
    expect(nearestTimes({ intervals }, at('11:00:00'))).toEqual({ before: at('10:00:00'), after: at('12:00:01') });
    expect(nearestTimes({ intervals }, at('08:00:00'))).toEqual({ after: at('08:00:01') });
    expect(nearestTimes({ intervals }, at('15:00:00'))).toEqual({ before: at('14:00:00') });
  });

  it('are none where there is no whole second', () => {
    expect(nearestTimes({ intervals: [interval('08:00:00.100', '08:00:00.900')] }, at('09:00:00'))).toEqual({});
  });

  it('are, just before a restore, the end of the stretch in which it began', () => {
    expect(lastOfBefore({ intervals }, at('09:30:00'))).toBe(at('10:00:00'));
    expect(lastOfBefore({ intervals }, at('11:00:00'))).toBe(at('10:00:00'));
    expect(lastOfBefore({ intervals }, at('13:00:00'))).toBe(at('14:00:00'));
    expect(lastOfBefore({ intervals }, at('07:00:00'))).toBeUndefined();
  });

  it('are told to the second', () => {
    expect(isoSecond(at('08:00:00') + 999)).toBe('2026-11-26T08:00:00Z');
  });
});

describe('the scale of the time line', () => {
  it('has round times, days by their date, and not too many of them', () => {
    expect(ticksOf({ from: at('22:10:00'), to: at('22:10:00') + 3 * 3_600_000 }, 4).map(({ label }) => label)).toEqual([
      '23:00',
      '11-27',
      '01:00',
    ]);
    for (const length of [60_000, 3_600_000, DAY, 30 * DAY, 3650 * DAY])
      expect(ticksOf({ from: at('10:00:00') - length, to: at('10:00:00') }, 8).length).toBeLessThanOrEqual(9);
  });

  it('ends now, and begins with what there is unless a range is asked for', () => {
    const now = at('12:00:00');
    expect(spanOf('day', undefined, now)).toEqual({ from: now - DAY, to: now });
    expect(spanOf('all', now - 10 * DAY, now).from).toBeLessThan(now - 10 * DAY);
    expect(spanOf('all', undefined, now).from).toBeLessThan(now);
    expect([undefined, now - 60_000, now - 3 * DAY, now - 30 * DAY].map((oldest) => usualRange(oldest, now))).toEqual([
      'day',
      'hour',
      'all',
      'week',
    ]);
  });
});

describe('the chains of backups', () => {
  it('have their full at the head, the newest chain first, and the links in the order in which they were taken', () => {
    const [full, first, second, newer] = [backup('a', 1), backup('b', 2, 'a'), backup('c', 3, 'b'), backup('d', 4)];
    expect(heads(chainsOf([newer, second, first, full]))).toEqual([
      ['d', []],
      ['a', ['b', 'c']],
    ]);
  });

  it('begin with the first that is known where the full is not', () => {
    expect(heads(chainsOf([backup('c', 3, 'b'), backup('b', 2, 'a')]))).toEqual([['b', ['c']]]);
  });
});

function heads(chains: ReturnType<typeof chainsOf>): [string, string[]][] {
  return chains.map(({ head, incrementals }) => [head.id, incrementals.map(({ id }) => id)]);
}

function backup(id: string, hour: number, parentId: string | null = null): Parameters<typeof chainsOf>[0][number] {
  const moment = `2026-11-26T0${hour}:00:00.000Z`;
  return {
    id,
    databaseId: 'database',
    policyId: 'policy',
    kind: parentId === null ? 'full' : 'incremental',
    status: 'completed',
    generation: 1,
    parentId,
    fallbackReason: null,
    sourceId: 'database',
    sourceReason: null,
    label: null,
    serverVersion: null,
    consistentAt: moment,
    sizeBytes: 1,
    storedBytes: 1,
    error: null,
    createdAt: moment,
    startedAt: moment,
    endedAt: moment,
  };
}
