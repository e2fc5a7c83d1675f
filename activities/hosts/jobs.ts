import { TidemarkError } from '#domain/errors.ts';
import { lastWords } from './failures.ts';
import { lookScript, removeScript, startScript, sweepScript } from './job-scripts.ts';
import type { Job, JobOptions, JobResult, RunOptions } from './port.ts';

type Run = (script: string, options?: RunOptions) => Promise<string>;

interface Look {
  readonly state: string;
  readonly log: string;
}

const LOOK_SECONDS = 20;
const LOOK_SECONDS_WITH_PROGRESS = 5;
/** Room for a job that has to be killed: 10 s for each after SIGTERM. */
const REMOVE_TIMEOUT_MS = 120_000;

export async function runJob(run: Run, job: Job, options: JobOptions = {}): Promise<JobResult> {
  const { scope, id } = job;
  try {
    options.signal?.throwIfAborted();
    const look = await watch(run, job, options);
    await run(removeScript(scope, id), { timeoutMs: REMOVE_TIMEOUT_MS });
    const exited = /^exited (\d+)$/.exec(look.state);
    if (exited !== null) return { exitCode: Number(exited[1]), log: look.log };
    throw new TidemarkError('host-job-lost', `the job ${scope}/${id} is gone without a result${lastWords(look.log)}`);
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    await run(removeScript(scope, id), { timeoutMs: REMOVE_TIMEOUT_MS });
    throw options.signal.reason;
  }
}

export async function sweepJobs(run: Run, scope: string, keep: readonly string[] = []): Promise<string[]> {
  const found = await run(sweepScript(scope, keep), { timeoutMs: REMOVE_TIMEOUT_MS });
  return found.split('\n').filter((id) => id !== '');
}

/** Until the job is no longer running. */
async function watch(run: Run, job: Job, options: JobOptions): Promise<Look> {
  const seconds = job.progress === undefined ? LOOK_SECONDS : LOOK_SECONDS_WITH_PROGRESS;
  const lookAgain = lookScript(job.scope, job.id, seconds);
  let look = await lookAt(run, startScript(job.scope, job.id, job.script) + lookAgain, options);
  while (look.state === 'running') {
    await tellProgress(run, job, options);
    look = await lookAt(run, lookAgain, options);
  }
  return look;
}

async function lookAt(run: Run, script: string, options: JobOptions): Promise<Look> {
  const output = await run(script, { signal: options.signal });
  const lineEnd = output.indexOf('\n');
  return { state: output.slice(0, lineEnd), log: output.slice(lineEnd + 1) };
}

/** A failure of the script itself is no failure of the job; a lost link is. */
async function tellProgress(run: Run, job: Job, options: JobOptions): Promise<void> {
  if (job.progress === undefined || options.onProgress === undefined) return;
  try {
    options.onProgress(await run(job.progress, { timeoutMs: 15_000, signal: options.signal }));
  } catch (error) {
    const isScripts = error instanceof TidemarkError && ['host-command-failed', 'disk-full', 'tool-missing'].includes(error.code);
    if (!isScripts) throw error;
  }
}
