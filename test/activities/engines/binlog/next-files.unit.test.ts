import { describe, expect, it } from 'vitest';
import { findBreak, nextFiles } from '#activities/engines/binlog/next-files.ts';
import type { LogRecord } from '#activities/engines/binlog/record.ts';

const log = (number: number, createdAt = 1000 + number) => ({ file: `bin.${String(number).padStart(6, '0')}`, sizeBytes: 500, createdAt });
const record = (number: number, more: Partial<LogRecord> = {}): LogRecord => ({
  format: 1,
  sequence: number,
  server: 'uuid',
  archivedAt: '2026-11-25T00:00:00.000Z',
  coversUntil: null,
  object: { key: 'k', sizeBytes: 1, sha256: '' },
  follows: null,
  hole: null,
  endPosition: 450,
  nextFile: log(number + 1).file,
  stateBefore: undefined,
  stateAfter: undefined,
  transactions: null,
  commits: [],
  ...log(number),
  ...more,
});

describe('which binary logs are archived next', () => {
  it('begins with the newest closed file, or with the one that a backup needs', () => {
    expect(nextFiles([log(1), log(2), log(3)], undefined, undefined)).toEqual({ files: [log(3)], hole: null });
    expect(nextFiles([log(1), log(2), log(3)], undefined, log(2).file)).toEqual({ files: [log(2), log(3)], hole: null });
  });

  it('goes on after the newest one, also when that has been purged since', () => {
    expect(nextFiles([log(1), log(2), log(3)], record(2), undefined)).toEqual({ files: [log(3)], hole: null });
    expect(nextFiles([log(3), log(4)], record(2), undefined)).toEqual({ files: [log(3), log(4)], hole: null });
    expect(nextFiles([log(1), log(2)], record(2), undefined)).toEqual({ files: [], hole: null });
  });

  it('names what was purged before it was archived', () => {
    const { files, hole } = nextFiles([log(5), log(6)], record(2), undefined);
    expect(files).toEqual([log(5), log(6)]);
    expect(hole).toBe('the binary logs between bin.000002 and bin.000005 were purged before they were archived');
  });

  it('finds a RESET by smaller numbers, by another beginning, and by another size under the same name', () => {
    const reset = 'the binary logs were reset after bin.000002';
    expect(nextFiles([log(1, 2000)], record(2), undefined).hole).toBe(reset);
    expect(nextFiles([log(1, 2000), log(2, 2001), log(3, 2002)], record(2), undefined)).toEqual({
      files: [log(1, 2000), log(2, 2001), log(3, 2002)],
      hole: reset,
    });
    expect(nextFiles([{ ...log(2), sizeBytes: 400 }], record(2), undefined).hole).toBe(reset);
    expect(nextFiles([{ ...log(9), file: 'other.000009' }], record(2), undefined).hole).toBe(reset);
  });
});

describe('whether one binary log continues another', () => {
  it('compares the name that the one ends with and the GTIDs at both sides', () => {
    const before = record(2, { stateAfter: ['0=0-1-7'] });
    expect(findBreak(before, { file: 'bin.000003', stateBefore: ['0=0-1-7'] })).toBeNull();
    expect(findBreak(before, { file: 'bin.000004', stateBefore: ['0=0-1-7'] })).toContain('bin.000003 follows');
    expect(findBreak(before, { file: 'bin.000003', stateBefore: ['0=0-1-9'] })).toContain('0=0-1-9');
    expect(findBreak(record(2, { nextFile: undefined }), { file: 'bin.000003', stateBefore: undefined })).toBeNull();
  });
});
