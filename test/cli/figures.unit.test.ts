import { describe, expect, it } from 'vitest';
import { durationText, parseTime, sizeText, timeText } from '#cli/figures.ts';

describe('figures', () => {
  it.each([
    ['2026-11-22T21:50:11Z', '2026-11-22T21:50:11Z'],
    ['2026-11-22 21:50:11 UTC', '2026-11-22T21:50:11Z'],
    ['2026-11-22T23:50:11+02:00', '2026-11-22T21:50:11Z'],
    ['2026-11-22T21:50:11', undefined],
    ['2026-11-22 21:50:11', undefined],
    ['2026-11-22T21:50:11.5Z', undefined],
    ['2026-02-30T00:00:00Z', undefined],
    ['2026-11-22T24:00:00Z', undefined],
    ['2026-11-22T21:50:11+99:00', undefined],
    ['now', undefined],
  ])('%s as a time that is asked for is %s', (text, time) => expect(parseTime(text)).toBe(time));

  it('read a time in UTC, with how far away it is', () => {
    const now = Date.parse('2026-11-22T12:00:00Z');
    expect(timeText('2026-11-22T11:59:58.900Z', now)).toBe('2026-11-22 11:59:58 UTC (1s ago)');
    expect(timeText('2026-11-22T09:30:00.000Z', now)).toBe('2026-11-22 09:30:00 UTC (2h ago)');
    expect(timeText('2026-11-25T12:00:01.000Z', now)).toBe('2026-11-25 12:00:01 UTC (in 3d)');
    expect(timeText(null)).toBe('-');
  });

  it('read sizes and durations as people say them', () => {
    expect([0, 999, 1_000, 16_777_216, 4e9, 2.5e15, null].map((bytes) => sizeText(bytes))).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '16.8 MB',
      '4.0 GB',
      '2.5 PB',
      '-',
    ]);
    expect([0.4, 59.6, 3_599, 7_265, null].map((seconds) => durationText(seconds))).toEqual([
      '0 s',
      '1 min 0 s',
      '59 min 59 s',
      '2 h 1 min',
      '-',
    ]);
  });
});
