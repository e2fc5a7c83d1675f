import { expect, it } from 'vitest';
import { replayProgress } from '#activities/engines/postgresql/restore/progress.ts';

const backedUpAt = 1_764_180_000;
const target = new Date((backedUpAt + 14_400) * 1000);

it.each([
  { printed: `${backedUpAt + 5_400}\n`, done: 5_400 },
  { printed: `${backedUpAt - 30}\n`, done: 0 },
  { printed: `${backedUpAt + 20_000}\n`, done: 14_400 },
])('the replay up to the commit at $printed has come $done seconds far', ({ printed, done }) => {
  expect(replayProgress(printed, { backedUpAt, target })).toEqual({ done, total: 14_400 });
});

it.each(['', '\n', 'psql: error: the database system is starting up\n', '1764180000|1764180001\n', 'NaN\n'])(
  'nothing is told of a replay that prints %j',
  (printed) => {
    expect(replayProgress(printed, { backedUpAt, target })).toBeUndefined();
  },
);

it('nothing is told where no time is restored to, or it is not known from when on', () => {
  const printed = `${backedUpAt + 5_400}\n`;
  expect(replayProgress(printed, { backedUpAt, target: undefined })).toBeUndefined();
  expect(replayProgress(printed, { backedUpAt: undefined, target })).toBeUndefined();
  expect(replayProgress(printed, { backedUpAt: backedUpAt + 20_000, target })).toBeUndefined();
});
