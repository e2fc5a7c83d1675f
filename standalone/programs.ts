import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tryCommand } from './commands.ts';

/** Tidemark's own programs. */
export type ProgramName = 'api' | 'worker';

/** In MiB, of 16 and two copies by default, in each of a worker's isolates. Measured: 50 MiB less, and 12 less than with 2. */
const SMALL_NURSERY = '--max-semi-space-size=1';

/** Buffers are collected once there are 64 MiB of them; while that goes on beside a stream, this goes well beyond. One thread: its helpers take the cores from the stream. Measured: 20 MiB less, no slower. */
const COLLECT_AT_ONCE = ['--no-incremental-marking', '--single-threaded-gc'];

const COMPILE_MS = 60_000;

const FLAGS = { api: [SMALL_NURSERY], worker: [SMALL_NURSERY, ...COLLECT_AT_ONCE] };

/** What `node` is given to start one. */
export function programArgs(name: ProgramName): string[] {
  return [...FLAGS[name], fileURLToPath(mainOf(name))];
}

/** What the environment of both says of memory and of compiled code. */
export function programEnvironment(cacheDir: string): Record<string, string> {
  return {
    // glibc keeps freed memory in up to eight arenas a core, and what is larger than this in one of them once it has been freed
    MALLOC_ARENA_MAX: '2',
    MALLOC_MMAP_THRESHOLD_: '262144',
    NODE_COMPILE_CACHE: join(cacheDir, 'compiled'),
  };
}

/**
 * Loads what the worker is made of and leaves it compiled, so that the worker itself need not: what strips the types would stay with it for
 * as long as it runs (measured: 25 MiB). What fails here fails again in the worker, which then compiles for itself or tells why.
 */
export async function compileWorker(cacheDir: string): Promise<void> {
  const env = { PATH: process.env['PATH'], NODE_ENV: 'production', ...programEnvironment(cacheDir) };
  const load = `await import(${JSON.stringify(mainOf('worker').href)})`;
  await tryCommand(process.execPath, [...FLAGS.worker, '--input-type=module', '--eval', load], { env, timeoutMs: COMPILE_MS });
}

function mainOf(name: ProgramName): URL {
  return new URL(`../${name}/main.ts`, import.meta.url);
}
