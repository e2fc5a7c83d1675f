import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from './progress.ts';

/** What every part needs to be found or made. */
export interface PartsContext {
  readonly cacheDir: string;
  readonly progress: Progress;
}

/** Where parts are kept, outside the checkout: TIDEMARK_CACHE_DIR, else the system's place for root and the home for others. */
export function findCacheDir(env: Readonly<Record<string, string | undefined>>): string {
  if (env['TIDEMARK_CACHE_DIR']) return resolve(env['TIDEMARK_CACHE_DIR']);
  return process.getuid?.() === 0 ? '/var/cache/tidemark' : join(homedir(), '.cache', 'tidemark');
}

/**
 * Returns the directory `name` of the cache; when it is not there, `build` fills a temporary one, which is then renamed.
 * So what is there is complete, and two processes never build the same part at once.
 */
export async function ensureCached(cacheDir: string, name: string, build: (directory: string) => Promise<void>): Promise<string> {
  const target = join(cacheDir, name);
  if (await isThere(target)) return target;
  return await withLock(cacheDir, name, async () => {
    if (await isThere(target)) return target;
    const draft = `${target}.draft`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true });
    await build(draft);
    await rename(draft, target);
    return target;
  });
}

/** The file that takes the whole output of building a part; made empty. */
export async function createLogFile(cacheDir: string, name: string): Promise<string> {
  const path = join(cacheDir, 'logs', `${name}.log`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '');
  return path;
}

const lockRefreshMs = 5_000;
const lockStaleMs = 30_000;

/** Holds a lock between processes while `work` runs. A holder that died is noticed by its pid, or after 30 s without refresh. */
export async function withLock<T>(cacheDir: string, name: string, work: () => Promise<T>): Promise<T> {
  const path = join(cacheDir, 'locks', name);
  await mkdir(dirname(path), { recursive: true });
  while (!(await tryLock(path))) await sleep(500);
  const refresh = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), lockRefreshMs);
  try {
    return await work();
  } finally {
    clearInterval(refresh);
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  const mine = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(mine, String(process.pid));
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (await isStale(path)) await takeAway(path, mine);
    return false;
  } finally {
    await rm(mine, { force: true });
  }
}

/** Renaming lets only one waiter remove a stale lock; should it be a fresh one by now, it is put back. */
async function takeAway(path: string, mine: string): Promise<void> {
  const aside = `${mine}.stale`;
  await rename(path, aside).catch(() => undefined);
  if ((await isThere(aside)) && !(await isStale(aside))) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function isStale(path: string): Promise<boolean> {
  const found = await Promise.all([stat(path), readFile(path, 'utf8')]).catch(() => undefined);
  if (found === undefined) return false;
  const [stats, pid] = found;
  return Date.now() - stats.mtimeMs > lockStaleMs || !isProcessAlive(Number(pid));
}

/** Whether a process of this id exists, whoever it belongs to. */
export function isProcessAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
