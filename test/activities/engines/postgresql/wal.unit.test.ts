import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineage, parseArchivedSegment, parseHistory, parseSegment, segmentName } from '#activities/engines/postgresql/wal.ts';

const MB = 1024 * 1024;
const sha = 'c25f570f7b31159038380c499f896ad5a63b071c';

describe('WAL segments', () => {
  it('are numbered as the server names them, whatever their size', () => {
    const size = fc.constantFrom(1, 16, 64, 1024).map((count) => count * MB);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffffffff }), fc.integer({ min: 0, max: 2 ** 34 - 1 }), size, (timeline, sequence, bytes) => {
        expect(parseSegment(segmentName(timeline, sequence, bytes), bytes)).toMatchObject({ timeline, sequence });
      }),
    );
    expect(segmentName(1, 255, 16 * MB)).toBe('0000000100000000000000FF');
    expect(segmentName(1, 256, 16 * MB)).toBe('000000010000000100000000');
  });

  it.each([
    [`000000010000000000000071-${sha}.zst`, 0x71],
    [`000000010000000100000000-${sha}`, 0x100],
    [`000000010000000000000071.partial-${sha}.zst`, undefined],
    ['000000010000000000000011.00000028.backup', undefined],
    ['00000002.history', undefined],
    [`000000010000000000000071-${sha.slice(1)}.zst`, undefined],
  ])('are told from other files of an archive: %s', (name, sequence) => {
    expect(parseArchivedSegment(name, 16 * MB)?.sequence).toBe(sequence);
  });

  it('belong to the line that leads to the newest timeline, the segment of a switch in its newest form', () => {
    const segments = [
      '000000010000000000000070',
      '000000010000000000000071',
      '000000010000000000000072',
      '000000020000000000000071',
      '000000020000000000000072',
    ];
    const history = parseHistory('1\t0/71004710\tno recovery target specified\n', 16 * MB);
    expect(history).toEqual([{ timeline: 1, sequence: 0x71 }]);
    const line = lineage(
      segments.map((name) => parseSegment(name, 16 * MB)),
      2,
      history,
    );
    expect(line.map((segment) => segment.name)).toEqual([
      '000000010000000000000070',
      '000000020000000000000071',
      '000000020000000000000072',
    ]);
  });
});
