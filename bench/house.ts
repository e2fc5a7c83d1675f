import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineName } from '#domain/states.ts';
import { type ApiClient, signIn } from '#lab/client.ts';
import { type Lab, startLab } from '#lab/lab.ts';
import { findCacheDir } from '#standalone/parts/cache.ts';
import { stopDockerIfOurs } from '#standalone/parts/docker.ts';
import { createProgress, type Progress } from '#standalone/parts/progress.ts';
import { type Product, startProduct } from '#standalone/product.ts';

/** A lab and a product for the time of a benchmark. */
export interface BenchHouse {
  readonly lab: Lab;
  readonly product: Product;
  readonly api: ApiClient;
  readonly progress: Progress;
}

export async function withHouse<T>(engines: readonly EngineName[], work: (house: BenchHouse) => Promise<T>): Promise<T> {
  const progress = createProgress((text) => void process.stdout.write(text));
  const context = { cacheDir: findCacheDir(process.env), progress };
  const folder = await mkdtemp('/tmp/tidemark-bench-');
  try {
    const lab = await startLab({ ...context, name: 'bench', subnet: '10.213.76', engines });
    try {
      const product = await startProduct({
        ...context,
        dataDir: join(folder, 'data'),
        apiPort: 0,
        environment: { TIDEMARK_REQUESTS_PER_MINUTE: '1000000' },
      });
      try {
        const api = await signIn(product.apiUrl, product.adminEmail, product.adminPassword ?? '');
        return await work({ lab, product, api, progress });
      } finally {
        await product.stop();
      }
    } finally {
      await lab.stop();
    }
  } finally {
    await stopDockerIfOurs(context.cacheDir);
    await rm(folder, { recursive: true, force: true });
  }
}

/** The most memory that a process has had resident, in MiB; from /proc. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024);
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Medians and their ratio, with every value. */
export function comparison(name: string, ours: readonly number[], hand: readonly number[]): string {
  const list = (values: readonly number[]): string => values.map((value) => value.toFixed(1)).join(', ');
  return `${name}: ours ${median(ours).toFixed(1)} s (${list(ours)}), by hand ${median(hand).toFixed(1)} s (${list(hand)}), ratio ${(median(ours) / median(hand)).toFixed(3)}`;
}
