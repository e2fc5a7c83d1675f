import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '#domain/errors.ts';
import { startLab } from '#lab/lab.ts';
import { findCacheDir } from '#standalone/parts/cache.ts';
import { stopDockerIfOurs } from '#standalone/parts/docker.ts';
import { ensureCommands } from '#standalone/parts/packages.ts';
import { createProgress } from '#standalone/parts/progress.ts';
import { ensureTemporal } from '#standalone/parts/temporal.ts';
import { ensureTestServer } from '#standalone/parts/test-server.ts';
import { ensureVersitygw } from '#standalone/parts/versitygw.ts';
import { testLab } from './lab.ts';

/**
 * The projects of vitest.config.ts in two runs beside each other: one waits for the lab's hosts most of the time, the other computes.
 * Whoever names what to run gets one run of that.
 */
const runs = [
  ['engines', 'faults', 'jobs', 'system'],
  ['unit', 'panel', 'parts', 'workflows'],
].map((projects) => projects.flatMap((project) => ['--project', project]));

/** Installs and starts what the tests need, runs them all, and removes what was started, also when something fails. */
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`\n${messageOf(error)}\n`);
  return 1;
});

async function main(args: readonly string[]): Promise<number> {
  const context = { cacheDir: findCacheDir(process.env), progress: createProgress((text) => void process.stdout.write(text)) };
  const scratch = await mkdtemp(join(tmpdir(), 'tidemark-test-'));
  const asked = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => asked.abort());
  try {
    await ensureCommands(context, { curl: 'curl', jq: 'jq' });
    await ensureTemporal(context);
    await ensureTestServer(context);
    await ensureVersitygw(context);
    const lab = await startLab({ ...context, ...testLab });
    try {
      return tell(await Promise.all((args.length > 0 ? [args] : runs).map((of) => runVitest(of, scratch, asked.signal))));
    } finally {
      await lab.stop();
    }
  } finally {
    await stopDockerIfOurs(context.cacheDir);
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Everything that the tests lay down or start goes with them, also when they are cut off. */
async function runVitest(args: readonly string[], scratch: string, signal: AbortSignal): Promise<Outcome> {
  const vitest = join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs');
  const folder = await mkdtemp(join(scratch, 'run-'));
  const output = join(folder, 'results.json');
  const options = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${output}`];
  const child = spawn(process.execPath, [vitest, ...options, ...args], {
    stdio: 'inherit',
    detached: true,
    env: { ...process.env, TMPDIR: folder },
  });
  signal.addEventListener('abort', () => endGroup(child.pid, 'SIGTERM'));
  const [code] = (await once(child, 'exit')) as [number | null];
  endGroup(child.pid, 'SIGKILL');
  const results = JSON.parse(await readFile(output, 'utf8').catch(() => '{}')) as Partial<
    Record<'numPassedTests' | 'numFailedTests' | 'numPendingTests', number>
  >;
  const { numPassedTests: passed = 0, numFailedTests: failed = 0, numPendingTests: skipped = 0 } = results;
  // also what is no test can fail, and nothing at all is no success
  const hasFailed = code !== 0 || passed === 0;
  return { passed, failed: hasFailed ? Math.max(failed, 1) : failed, skipped };
}

/** The last line is the count that CI reads. */
function tell(outcomes: readonly Outcome[]): number {
  const sum = (name: keyof Outcome): number => outcomes.reduce((total, outcome) => total + outcome[name], 0);
  const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')];
  process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
  return failed === 0 ? 0 : 1;
}

/** Vitest's own processes; what the product started ends with them. */
function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
