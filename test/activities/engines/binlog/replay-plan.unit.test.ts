import { describe, expect, it } from 'vitest';
import type { LogRecord } from '#activities/engines/binlog/record.ts';
import { planReplay } from '#activities/engines/binlog/replay-plan.ts';
import { logRecord } from './log-record.ts';

const record = (file: string, commits: LogRecord['commits']) =>
  logRecord({ file, commits, transactions: commits[0] === undefined ? null : { first: commits[0][1], last: 800 } });

const logs = [
  record('b.1', [
    [100, 200],
    [101, 400],
  ]),
  record('b.2', [[105, 300]]),
  record('b.3', [[110, 300]]),
];
const start = { file: 'b.1', position: 350 };

describe('the plan of a replay', () => {
  it('cuts where the first transaction begins that was committed at the target or later', () => {
    expect(planReplay(logs, start, new Date(101_000)).end).toEqual({ file: 'b.1', position: 400 });
    expect(planReplay(logs, { ...start, position: 500 }, new Date(111_000)).records.map(({ file }) => file)).toEqual(['b.1', 'b.2', 'b.3']);
  });

  it('ends an earlier file where its own has no transaction before the cut', () => {
    for (const second of [104, 105]) expect(planReplay(logs, start, new Date(second * 1000)).end).toEqual({ file: 'b.1', position: 950 });
    expect(planReplay([...logs, record('b.4', [])], start, undefined).end).toEqual({ file: 'b.3', position: 950 });
  });

  it('goes to the end of the archive when nothing was committed at the target or later, and without a target', () => {
    expect(planReplay(logs, start, new Date(111_000)).end).toEqual({ file: 'b.3', position: 950 });
    expect(planReplay(logs, start, undefined).end).toEqual({ file: 'b.3', position: 950 });
  });

  it('does not cut before its start', () => {
    expect(planReplay(logs, start, new Date(100_000)).end).toEqual({ file: 'b.1', position: 400 });
    expect(planReplay(logs, { file: 'b.1', position: 900 }, new Date(104_000)).records).toEqual([]);
  });

  it('refuses to begin with another file than the backup says', () => {
    expect(() => planReplay(logs.slice(1), start, undefined)).toThrow(/b\.1/);
  });
});
