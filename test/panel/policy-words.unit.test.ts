import { describe, expect, it } from 'vitest';
import { retentionWords, scheduleWords } from '#panel/pages/policies/policy-words.ts';
import type { Schedule } from '#domain/schedule.ts';

const weekly: Schedule = { fullFrequency: 'weekly', fullTime: '02:00', fullDay: 'sunday', incrementalHours: 6 };
const daily: Schedule = { ...weekly, fullFrequency: 'daily' };
const retention = { fulls: 7, incrementalDays: 30, logHours: 72 };

it('a schedule is told in words', () => {
  expect(scheduleWords(weekly)).toBe('Full on Sundays at 02:00 UTC, incremental every 6 hours');
  expect(scheduleWords({ ...daily, incrementalHours: 1 })).toBe('Full daily at 02:00 UTC, incremental every hour');
  expect(scheduleWords({ ...daily, incrementalHours: 0 })).toBe('Full daily at 02:00 UTC, no incrementals');
});

describe('what retention means', () => {
  it('is told in backups and days, as the schedule makes them', () => {
    expect(retentionWords({ schedule: weekly, retention, pitrEnabled: true })).toEqual({
      fulls: 'The newest 7 fulls: about 7 weeks',
      incrementals: 'Those of the last 30 days: about 116',
      times: 'Any second of the last 72 hours',
      warnings: [],
    });
  });

  it('warns of incrementals that go earlier with their full', () => {
    const { incrementals, warnings } = retentionWords({ schedule: daily, retention, pitrEnabled: true });
    expect(incrementals).toBe('Those of the last 7 days: about 21');
    expect(warnings).toEqual([expect.stringMatching(/kept for about 7 days, not 30. For 30 days keep 30 fulls/)]);
    expect(retentionWords({ schedule: { ...daily, incrementalHours: 0 }, retention, pitrEnabled: true }).warnings).toEqual([]);
  });

  it('warns of times that no kept full reaches', () => {
    const of = (fulls: number, logHours: number) =>
      retentionWords({
        schedule: { ...daily, incrementalHours: 0 },
        retention: { fulls, incrementalDays: 1, logHours },
        pitrEnabled: true,
      });
    expect(of(4, 72)).toMatchObject({ times: 'Any second of the last 72 hours', warnings: [] });
    expect(of(3, 72)).toMatchObject({
      times: 'Any second since the oldest full that is kept',
      warnings: [expect.stringMatching(/only 48 hours old.* last 72 hours keep 4 fulls/)],
    });
    expect(of(1, 1).warnings).toEqual([expect.stringMatching(/is that one, .* keep 2 fulls/)]);
    expect(of(8, 168).times).toBe('Any second of the last 7 days');
  });

  it('without PITR is the moments of the backups alone', () => {
    const { times } = retentionWords({ schedule: weekly, retention: { ...retention, fulls: 1 }, pitrEnabled: false });
    expect(times).toMatch(/^The moments at which/);
  });
});
