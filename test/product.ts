import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineName } from '#domain/states.ts';
import { signIn, type ApiClient } from '#lab/client.ts';
import type { Lab } from '#lab/lab.ts';
import { findCacheDir } from '#standalone/parts/cache.ts';
import { createProgress } from '#standalone/parts/progress.ts';
import { type Product, startProduct } from '#standalone/product.ts';
import { openTestLab, resetPrimary } from './lab.ts';

/** The whole product in a folder of its own, beside the lab. */
export interface TestProduct {
  readonly product: Product;
  readonly api: ApiClient;
  readonly lab: Lab;
  readonly dataDir: string;
  readonly adminPassword: string;
  /** Everything that the product has written to logs so far. */
  logs(): Promise<string>;
  stop(): Promise<void>;
}

/** `engine` is the one whose primary is brought back to its beginning first. */
export async function startTestProduct(engine: EngineName = 'postgresql'): Promise<TestProduct> {
  const lab = await openTestLab();
  await resetPrimary(engine);
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-system-'));
  const dataDir = join(folder, 'data');
  const context = { cacheDir: findCacheDir(process.env), progress: createProgress(() => undefined) };
  // Of its own: products that start at once would all choose the usual ones, and end up with one server. No connection is given these.
  const temporalPorts = { frontend: randomInt(10_000, 20_000), ui: randomInt(20_000, 30_000) };
  const product = await startProduct({
    ...context,
    dataDir,
    apiPort: 0,
    temporalPorts,
    environment: { TIDEMARK_REQUESTS_PER_MINUTE: '100000' },
  });
  const adminPassword = product.adminPassword ?? '';
  return {
    product,
    lab,
    dataDir,
    adminPassword,
    api: await signIn(product.apiUrl, product.adminEmail, adminPassword),
    async logs() {
      const files = ['api.log', 'worker.log', 'temporal/temporal.log', 'postgres/postgres.log'];
      return (await Promise.all(files.map((file) => readFile(join(dataDir, file), 'utf8').catch(() => '')))).join('\n');
    },
    async stop() {
      await product.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asks again until the answer is there. The patience is for two slow cores that run everything at once. */
export async function waitFor<T>(what: string, ask: () => Promise<T | undefined>, withinMs = 240_000): Promise<T> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not come within ${withinMs} ms`);
}
