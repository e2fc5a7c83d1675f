import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runCommand } from '#standalone/commands.ts';

const program = fileURLToPath(new URL('../../worker/bundle-workflows.ts', import.meta.url));

it('the worker is given the workflows as plain letters, and a map of their lines without their text', async () => {
  const bundle = await runCommand(process.execPath, [program]);
  expect(bundle.length).toBeGreaterThan(100_000);
  expect(/[^\0-\x7f]/.exec(bundle)).toBeNull();
  const [, encoded = ''] = bundle.split('//# sourceMappingURL=data:application/json;charset=utf-8;base64,');
  const map = JSON.parse(Buffer.from(encoded, 'base64').toString()) as { sources: string[]; sourcesContent?: unknown; mappings: string };
  expect(map.sources).toContainEqual(expect.stringMatching(/workflows\/policy\.ts$/));
  expect(map.mappings.length).toBeGreaterThan(10_000);
  expect(map).not.toHaveProperty('sourcesContent');
});
