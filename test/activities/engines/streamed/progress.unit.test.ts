import { expect, it } from 'vitest';
import { fetchProgress, replayProgress } from '#activities/engines/streamed/restore/progress.ts';
import { logRecord } from '../binlog/log-record.ts';

const record = (file: string, sizeBytes: number) => logRecord({ file, sizeBytes, endPosition: sizeBytes });

/** 1,600 bytes are fetched, 1,100 of them replayed. */
const plan = {
  records: [record('binlog.000009', 1_000), record('binlog.000010', 200), record('binlog.000011', 400)],
  start: { file: 'binlog.000009', position: 300 },
  end: { file: 'binlog.000011', position: 200 },
};
const total = 2_700;

it('counts each log when it was fetched', () => {
  expect([0, 1, 3].map((logs) => fetchProgress(plan, logs))).toEqual([
    { done: 0, total },
    { done: 1_000, total },
    { done: 1_600, total },
  ]);
});

it.each([
  { printed: 'relay.000009\n300\n', done: 1_600 },
  { printed: 'relay.000009\n800\n', done: 2_100 },
  { printed: 'relay.000010 150\n', done: 2_450 },
  { printed: 'relay.000011\n200\n', done: total },
  { printed: 'relay.000011 400\n', done: total },
  { printed: 'relay.000009\n4\n', done: 1_600 },
])('counts what was replayed up to $printed', ({ printed, done }) => {
  expect(replayProgress(plan, printed)).toEqual({ done, total });
});

it.each(['', '\n', 'relay.000009\n', 'relay.000012\n4\n', 'host-relay-bin.000009\n700\n', 'ERROR 2002 (HY000)\n'])(
  'tells nothing where %j is printed',
  (printed) => {
    expect(replayProgress(plan, printed)).toBeUndefined();
    expect(replayProgress({ ...plan, records: [] }, printed)).toBeUndefined();
  },
);
