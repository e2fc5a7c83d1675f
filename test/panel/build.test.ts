import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { usePanel } from './browser.ts';

const dist = join(import.meta.dirname, '..', '..', 'panel', 'dist');
const panel = usePanel();

const MAX_FIRST_LOAD_BYTES = 300_000;

it('the first load is under 300 kB compressed', async () => {
  const { page, open } = await panel.visit();
  const paths = new Set<string>();
  page.on('request', (request) => void paths.add(new URL(request.url()).pathname));
  await open('/');
  const files = [...paths].filter((path) => path.startsWith('/assets/'));
  expect(files.length).toBeGreaterThan(2);
  const sizes = await Promise.all(files.map(async (path) => gzipSync(await readFile(join(dist, path))).length));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  expect(total).toBeLessThan(MAX_FIRST_LOAD_BYTES);
});
