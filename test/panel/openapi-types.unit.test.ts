import { expect, it } from 'vitest';
import { areTypesCurrent } from './write-types.ts';

it("the panel's types are those of docs/openapi.json (else: npm run openapi)", async () => {
  expect(await areTypesCurrent()).toBe(true);
});
