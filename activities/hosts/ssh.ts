import { type ConnectOptions, type Link, openLink } from './connection.ts';
import { execute } from './execution.ts';
import { commandFailure } from './failures.ts';
import { runJob, sweepJobs } from './jobs.ts';
import { converse, readStream, writeStream } from './streaming.ts';
import type { Host, HostAddress, RunOptions } from './port.ts';

export { type ConnectOptions, scanHostKey } from './connection.ts';

/** Opens one link; it is the caller's to close. Errors: `host-unreachable`, `host-key-changed`, `host-login-refused`. */
export async function connectHost(address: HostAddress, options: ConnectOptions = {}): Promise<Host> {
  return createHost(await openLink(address, options));
}

function createHost(link: Link): Host {
  const run = async (script: string, options?: RunOptions): Promise<string> => {
    const result = await execute(link, script, options);
    if (result.exitCode === 0) return result.stdout;
    throw commandFailure(`a script on ${link.name} failed`, result.exitCode, result.stderr.trim() === '' ? result.stdout : result.stderr);
  };
  return {
    tryRun: (script, options) => execute(link, script, options),
    run,
    runJob: (job, options) => runJob(run, job, options),
    readStream: (script, options) => readStream(link, script, options),
    writeStream: (script, source, options) => writeStream(link, script, source, options),
    converse: (script, options) => converse(link, script, options),
    sweepJobs: (scope, keep) => sweepJobs(run, scope, keep),
    close: () => {
      link.lostBecause ??= 'it was closed here';
      link.client.end();
    },
  };
}
