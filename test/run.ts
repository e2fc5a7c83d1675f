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
      return await runVitest(args, scratch, asked.signal);
    } finally {
      await lab.stop();
    }
  } finally {
    await stopDockerIfOurs(context.cacheDir);
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The last line is the count that CI reads. Everything that the tests lay down or start goes with them, also when they are cut off. */
async function runVitest(args: readonly string[], scratch: string, signal: AbortSignal): Promise<number> {
  const vitest = join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs');
  const output = join(scratch, 'results.json');
  const options = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${output}`];
  const child = spawn(process.execPath, [vitest, ...options, ...args], {
    stdio: 'inherit',
    detached: true,
    env: { ...process.env, TMPDIR: scratch },
  });
  signal.addEventListener('abort', () => endGroup(child.pid, 'SIGTERM'));
  const [code] = (await once(child, 'exit')) as [number | null];
  endGroup(child.pid, 'SIGKILL');
  const results = JSON.parse(await readFile(output, 'utf8').catch(() => '{}')) as Partial<
    Record<'numPassedTests' | 'numFailedTests' | 'numPendingTests', number>
  >;
  const { numPassedTests: passed = 0, numFailedTests: failed = 0, numPendingTests: skipped = 0 } = results;
  process.stdout.write(
    `\n${passed} passed, ${failed === 0 && code !== 0 ? 1 : failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
  );
  return code === 0 && passed > 0 ? 0 : 1;
}

/** Vitest's own processes; what the product started ends with them. */
function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
