import { expect, it } from 'vitest';
import { durationWords, relativeWords, utcWords } from '#panel/parts/time-words.ts';

const now = Date.parse('2026-11-26T11:55:03Z');

it.each([
  ['2026-11-26T11:55:00Z', 'just now'],
  ['2026-11-26T11:55:12Z', 'just now'],
  ['2026-11-26T11:55:40Z', 'in less than a minute'],
  ['2026-11-26T11:50:00Z', '5 minutes ago'],
  ['2026-11-26T13:55:03Z', 'in 2 hours'],
  ['2026-11-25T11:00:00Z', 'yesterday'],
  ['2026-11-17T11:00:00Z', '9 days ago'],
])('%s is said as "%s"', (at, words) => {
  expect(relativeWords(at, now)).toBe(words);
});

it('an instant is said in UTC, and says so', () => {
  expect(utcWords(now)).toBe('2026-11-26 11:55:03 UTC');
});

it('a duration is said in the units that matter', () => {
  expect([400, 12_300, 3 * 60_000 + 4_000, 2 * 3_600_000 + 5 * 60_000].map(durationWords)).toEqual([
    '0.4 s',
    '12 s',
    '3 min 4 s',
    '2 h 05 min',
  ]);
});
