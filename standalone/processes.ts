import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCommandThere, tryCommand } from './commands.ts';
import { isProcessAlive } from './parts/cache.ts';

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; the default is our own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly user?: ProcessUser | undefined;
  /** Standard output and error are appended here. */
  readonly logFile: string;
  /** What asks it to end; the default is SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long it may take to end before it is killed; the default is 10 s. */
  readonly graceMs?: number;
}

export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly pid: number;
  /** Resolves when the process has ended, whatever ended it. */
  readonly exited: Promise<ProcessExit>;
  isRunning(): boolean;
  /** Asks it to end, kills it after the grace time, and returns when it is gone. */
  stop(): Promise<ProcessExit>;
  kill(): Promise<ProcessExit>;
}

/**
 * Starts a process in a group of its own, so that Ctrl-C in the terminal reaches only us and we end things in order.
 * On Linux the kernel sends it the stop signal when we die, so that not even our SIGKILL leaves it behind.
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const [command, ...args] = await wrapCommand(options);
  const log = await open(options.logFile, 'a', 0o600);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const exited = Promise.withResolvers<ProcessExit>();
  const started = Promise.withResolvers<number>();
  child.on('spawn', () => started.resolve(child.pid ?? 0));
  child.on('error', (error) => started.reject(new Error(`${options.command} cannot be started: ${error.message}`)));
  child.on('exit', (code, signal) => exited.resolve({ code, signal }));
  const pid = await started.promise.finally(async () => await log.close());
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = async (): Promise<ProcessExit> => {
    if (isRunning()) process.kill(-pid, 'SIGKILL');
    return await exited.promise;
  };
  const stop = async (): Promise<ProcessExit> => {
    child.kill(options.stopSignal ?? 'SIGTERM');
    const killer = setTimeout(() => void kill(), options.graceMs ?? 10_000);
    return await exited.promise.finally(() => clearTimeout(killer));
  };
  return { pid, exited: exited.promise, isRunning, stop, kill };
}

/** A user other than ours keeps the right to read and to search: the files may lie below a directory like /root. */
async function wrapCommand(options: ProcessOptions): Promise<readonly [string, ...string[]]> {
  const command = [options.command, ...options.args] as const;
  if (process.platform !== 'linux' || !(await isCommandThere('setpriv'))) {
    if (options.user !== undefined)
      throw new Error(`${options.command} needs another user than root: install setpriv (util-linux), or start this as an ordinary user.`);
    return command;
  }
  const stopSignal = (options.stopSignal ?? 'SIGTERM').replace('SIG', '');
  return ['setpriv', '--pdeathsig', stopSignal, ...asUser(options.user), '--', ...command];
}

/**
 * The arguments of setpriv that run a command as another user, who may read what only root may: the checkout may lie in root's
 * home. access(2) takes the capability away again unless `no_setuid_fixup` is set (capabilities(7)), and initdb asks it.
 */
export function asUser(user: ProcessUser | undefined): readonly string[] {
  if (user === undefined) return [];
  const capabilities = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search', '--securebits=+no_setuid_fixup'];
  return [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', ...capabilities];
}

/**
 * Makes sure that no process of an earlier run still works on our files. Its id is the first line of `pidFile`, and its command
 * line contains `marker`. One that is just ending is waited for, an orphan is stopped; another owner's is an error.
 */
export async function endEarlierProcess(pidFile: string, marker: string, signal: NodeJS.Signals): Promise<void> {
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0]);
  const isOurs = async (): Promise<boolean> => pid > 0 && isProcessAlive(pid) && (await describeProcess(pid)).command.includes(marker);
  if (await waitUntilNot(isOurs, 5_000)) return;
  const { parent, command } = await describeProcess(pid);
  if (parent !== 1)
    throw new Error(
      `Process ${pid} of another running Tidemark (process ${parent}) uses ${marker}: stop that one first. It is: ${command}`,
    );
  process.kill(pid, signal);
  if (await waitUntilNot(isOurs, 15_000)) return;
  process.kill(pid, 'SIGKILL');
  if (!(await waitUntilNot(isOurs, 5_000))) throw new Error(`Process ${pid}, which an earlier run left behind, cannot be ended.`);
}

async function waitUntilNot(condition: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(100)) {
    if (!(await condition())) return true;
  }
  return false;
}

async function describeProcess(pid: number): Promise<{ readonly parent: number; readonly command: string }> {
  if (process.platform !== 'linux') {
    const { stdout } = await tryCommand('ps', ['-ww', '-o', 'ppid=,args=', '-p', String(pid)]);
    const [, parent = '0', command = ''] = /^\s*(\d+)\s+(.*)/.exec(stdout) ?? [];
    return { parent: Number(parent), command };
  }
  const read = async (name: string): Promise<string> => await readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
  const parent = /^PPid:\s*(\d+)/m.exec(await read('status'))?.[1] ?? '0';
  return { parent: Number(parent), command: (await read('cmdline')).replaceAll('\0', ' ') };
}
