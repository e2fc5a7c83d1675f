import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';

export interface CommandOptions {
  readonly input?: string | Buffer;
  readonly cwd?: string;
  /** The whole environment; the default is our own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Standard output and error are appended here as well. */
  readonly logFile?: string;
  /** The process is killed afterwards; the default is ten minutes. */
  readonly timeoutMs?: number;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a local command to its end. A command that is not there ends with exit code 127, one that was killed with 137. */
export async function tryCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  const child = spawn(command, args, { cwd: options.cwd, env: options.env });
  // spawn's own timeout would keep our process alive after a command that is not there
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 600_000);
  const log = options.logFile === undefined ? undefined : createWriteStream(options.logFile, { flags: 'a' });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      log?.write(text);
    });
  }
  child.on('error', (error: NodeJS.ErrnoException) => {
    resolve({ ...output, exitCode: 127, stderr: error.code === 'ENOENT' ? missing(command) : error.message });
  });
  child.on('close', (code) => resolve({ ...output, exitCode: code ?? 137 }));
  child.stdin.on('error', () => undefined); // a command that does not read its input is no failure
  child.stdin.end(options.input);
  const result = await promise.finally(() => clearTimeout(timer));
  log?.end();
  return result;
}

/** Runs a local command and returns its standard output; throws with its last words unless it exits 0. */
export async function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await tryCommand(command, args, options);
  if (result.exitCode === 0) return result.stdout;
  if (result.exitCode === 127 && result.stderr === missing(command)) throw new Error(`${missing(command)}: install it.`);
  const lastWords = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-4).join('\n  ');
  const log = options.logFile === undefined ? '' : ` (all of it: ${options.logFile})`;
  throw new Error(`\`${[command, ...args].join(' ')}\` failed with exit code ${result.exitCode}${log}: ${lastWords}`);
}

function missing(command: string): string {
  return `The command \`${command}\` is missing on this machine`;
}

export async function isCommandThere(command: string): Promise<boolean> {
  return (await tryCommand('sh', ['-c', 'command -v -- "$1"', 'sh', command])).exitCode === 0;
}
