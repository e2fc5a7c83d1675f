import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findCacheDir } from '#standalone/parts/cache.ts';
import { createProgress } from '#standalone/parts/progress.ts';
import { ensureTemporal } from '#standalone/parts/temporal.ts';
import { ensureTestServer } from '#standalone/parts/test-server.ts';
import { bundleWorkflows } from './bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Paths of files. */
    testServer: string;
    temporal: string;
    workflowBundle: string;
  }
}

/** Once per run: the test server and the workflows' bundle. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const progress = createProgress((text) => void process.stderr.write(text));
  const directory = await mkdtemp(join(tmpdir(), 'tidemark-bundle-'));
  const workflowBundle = join(directory, 'workflows.js');
  await writeFile(workflowBundle, await bundleWorkflows());
  project.provide('workflowBundle', workflowBundle);
  const parts = { cacheDir: findCacheDir(process.env), progress };
  project.provide('testServer', await ensureTestServer(parts));
  project.provide('temporal', await ensureTemporal(parts));
  return () => rm(directory, { recursive: true });
}
