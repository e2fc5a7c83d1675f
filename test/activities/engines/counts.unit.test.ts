import { expect, it } from 'vitest';
import { readCounts } from '#activities/engines/streamed/backup-grammar.ts';

it("reads what zstd counted in the words of each of its releases, and nothing else's", () => {
  const counted = { unpackedBytes: 4096, sentBytes: 512 };
  expect(readCounts('/*stdin*\\            : 12.50%   (  4096 B =>    512 B, /*stdout*\\) ')).toEqual(counted);
  expect(readCounts('/*stdin*\\            : 12.50%   (  4096 =>    512 bytes, /*stdout*\\) ')).toEqual(counted);
  expect(() => readCounts('zstd: error 70 : Write error')).toThrow('did not say how many bytes');
});
