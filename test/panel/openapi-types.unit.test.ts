import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { describeApi, signOf, typesFile } from './write-types.ts';

it("the panel's types are those of the API as it is now (else: node test/panel/write-types.ts)", async () => {
  const [sign] = (await readFile(typesFile, 'utf8')).split('\n');
  expect(sign).toBe(signOf(describeApi()));
});
