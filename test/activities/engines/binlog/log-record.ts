import type { LogRecord } from '#activities/engines/binlog/record.ts';

/** The record of a log of 1,000 bytes without commits, but for what is said. */
export function logRecord(said: Pick<LogRecord, 'file'> & Partial<LogRecord>): LogRecord {
  return {
    format: 1,
    sequence: 1,
    server: 'uuid',
    archivedAt: '2026-11-25T00:00:00.000Z',
    coversUntil: null,
    object: { key: said.file, sizeBytes: 1, sha256: '' },
    follows: null,
    hole: null,
    createdAt: 0,
    sizeBytes: 1000,
    endPosition: 950,
    nextFile: undefined,
    stateBefore: undefined,
    stateAfter: undefined,
    transactions: null,
    commits: [],
    ...said,
  };
}
