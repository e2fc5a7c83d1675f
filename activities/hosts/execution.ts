import type { ClientChannel } from 'ssh2';
import { TidemarkError } from '#domain/errors.ts';
import { type Link, unreachable } from './connection.ts';
import { lastWords } from './failures.ts';
import type { RunOptions, RunResult } from './port.ts';
import { conversationOf, loginCommand, READY_MARK } from './remote-shell.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** How long a stopped script may take to be gone: the machine kills it after 5 s. */
export const STOP_GRACE_MS = 15_000;
/** A daemon that the script started may keep its output open: after the exit status, silence this long is the end. */
const QUIET_AFTER_EXIT_MS = 1000;
/** The machine gives the client up after this many missing lines. */
export const MISSED_PULSES = 6;

export interface Exit {
  readonly code: number | null;
  readonly signal: string | undefined;
}

interface Conversation {
  readonly channel: ClientChannel;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exited: Promise<Exit>;
}

/** Runs one script as root. When it is stopped (signal, timeout, too much output), it throws once the remote processes are gone. */
export async function execute(link: Link, script: string, options: RunOptions = {}): Promise<RunResult> {
  if (script.includes('\0')) throw new Error('a script holds a NUL');
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(options.signal?.reason);
  const onTimeout = (): void => stop.abort(failure(link, `did not end within ${timeoutMs / 1000} s`));
  options.signal?.throwIfAborted();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(onTimeout, timeoutMs);
  try {
    const tooMuch = (): void => stop.abort(failure(link, `wrote more than ${MAX_OUTPUT_BYTES} bytes`));
    const conversation = await openChannel(link, loginCommand(link.isRoot), (channel): Conversation => {
      const [stdout, stderr] = [collect(channel, tooMuch), collect(channel.stderr, tooMuch)];
      return { channel, stdout, stderr, exited: waitForExit(link, channel, { quietMs: QUIET_AFTER_EXIT_MS }) };
    });
    return await converse(link, conversation, script, stop);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** Everything that is listened to is listened to in ssh2's own callback: the exit status may stand in the same packet as the answer. */
export function openChannel<T>(link: Link, command: string, listen: (channel: ClientChannel) => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const onLost = (): void => reject(unreachable(link, 'before a script was started'));
    if (link.lostBecause !== undefined) return onLost();
    link.client.once('close', onLost);
    link.client.exec(command, (error, channel) => {
      link.client.removeListener('close', onLost);
      if (error !== undefined) {
        return reject(new TidemarkError('host-unreachable', `${link.name} opened no channel: ${error.message}`, { cause: error }));
      }
      resolve(listen(channel));
    });
  });
}

async function converse(link: Link, conversation: Conversation, script: string, stop: AbortController): Promise<RunResult> {
  const { channel, stdout, stderr, exited } = conversation;
  const pulse = setInterval(() => channel.writable && channel.write('\n'), link.keepaliveIntervalMs);
  let giveUp: NodeJS.Timeout | undefined;
  const onStop = (): void => {
    channel.end();
    giveUp = setTimeout(() => channel.destroy(), STOP_GRACE_MS);
  };
  stop.signal.addEventListener('abort', onStop, { once: true });
  channel.write(conversationOf(script, link.keepaliveIntervalMs * MISSED_PULSES));
  if (stop.signal.aborted) onStop();
  try {
    const exit = await exited;
    stop.signal.throwIfAborted();
    return resultOf(link, exit, stdout(), stderr());
  } catch (error) {
    stop.signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(pulse);
    clearTimeout(giveUp);
    channel.destroy();
  }
}

function collect(stream: NodeJS.ReadableStream, tooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  stream.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_OUTPUT_BYTES) tooMuch();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/**
 * The streams' `end` comes before `exit`, also when the remote process was killed: only `exit` tells. With `quietMs` the channel
 * counts as over when it has been silent for so long after the exit; without, its data is left to whoever reads it.
 */
export function waitForExit(link: Link, channel: ClientChannel, { quietMs }: { readonly quietMs?: number } = {}): Promise<Exit> {
  return new Promise((resolve, reject) => {
    let exit: Exit | undefined;
    let quiet: NodeJS.Timeout | undefined;
    const finish = (): void => {
      clearTimeout(quiet);
      link.client.removeListener('close', finish);
      link.client.removeListener('close', lose);
      if (exit === undefined) reject(unreachable(link, 'while a script ran'));
      else resolve(exit);
    };
    const lose = (): void => reject(unreachable(link, 'while a script ran'));
    const waitForQuiet = (): void => {
      clearTimeout(quiet);
      if (exit !== undefined && quietMs !== undefined) quiet = setTimeout(finish, quietMs);
    };
    channel.on('exit', (code: number | null, signal?: string) => {
      exit = { code, signal };
      waitForQuiet();
    });
    if (quietMs !== undefined) {
      channel.on('data', waitForQuiet);
      channel.stderr.on('data', waitForQuiet);
    }
    // A write that the lost link refuses: `close` follows, and says it better.
    channel.on('error', () => undefined);
    channel.on('close', finish);
    // a link that is lost may have lost bytes of a stream whose script had already exited well
    link.client.once('close', quietMs === undefined ? lose : finish);
  });
}

function resultOf(link: Link, exit: Exit, output: string, stderr: string): RunResult {
  const start = output.indexOf(READY_MARK);
  const lineEnd = output.indexOf('\n', start);
  if (start < 0 || output.slice(start + READY_MARK.length, lineEnd) !== '0') throw notRoot(link, `${output}${stderr}`);
  if (exit.code === null) throw failure(link, `was ended by signal ${exit.signal}${lastWords(stderr)}`);
  return { exitCode: exit.code, stdout: output.slice(lineEnd + 1), stderr };
}

export function notRoot(link: Link, output: string): TidemarkError {
  const words = lastWords(output);
  if (!link.isRoot && words.includes('sudo')) return new TidemarkError('host-sudo-refused', `${link.name} may not use sudo${words}`);
  return new TidemarkError('host-login-refused', `${link.name} got no shell${words}`);
}

export function failure(link: Link, what: string): TidemarkError {
  return new TidemarkError('host-command-failed', `a script on ${link.name} ${what}`);
}
