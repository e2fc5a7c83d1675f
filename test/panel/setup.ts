import type { TestProject } from 'vitest/node';
import { findCacheDir } from '#standalone/parts/cache.ts';
import { ensureChromium } from '#standalone/parts/chromium.ts';
import { createProgress } from '#standalone/parts/progress.ts';

declare module 'vitest' {
  interface ProvidedContext {
    chromium: string;
  }
}

/** Once per run: the browser. */
export async function setup(project: TestProject): Promise<void> {
  const progress = createProgress((text) => void process.stdout.write(text));
  project.provide('chromium', await ensureChromium({ cacheDir: findCacheDir(process.env), progress }));
}
