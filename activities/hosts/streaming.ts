import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import { watched } from '#activities/streams/pieces.ts';
import { TidemarkError } from '#domain/errors.ts';
import { type Link, unreachable } from './connection.ts';
import { type Exit, failure, MISSED_PULSES, notRoot, openChannel, STOP_GRACE_MS, waitForExit } from './execution.ts';
import { commandFailure, lastWords } from './failures.ts';
import { streamHead } from './job-scripts.ts';
import type { HostConversation, HostOutput, InputOptions, StreamOptions } from './port.ts';
import { conversationOf, loginCommand, READY_MARK, receivingConversationOf, uploadOf } from './remote-shell.ts';

const STDERR_TAIL_BYTES = 1024 * 1024;
const EXIT_FOLLOWS_MS = 5_000;
/** What a login may print before the mark. */
const GREETING_BYTES = 64 * 1024;

/** A script that runs on the machine, from its start until its processes are gone. */
interface Running {
  readonly channel: ClientChannel;
  readonly exited: Promise<Exit>;
  readonly stderr: () => string;
  /** Ends the script, unless it has ended; resolved when it is gone. */
  end(): Promise<void>;
}

export async function readStream(link: Link, script: string, options: StreamOptions): Promise<HostOutput> {
  const running = await start(
    link,
    (silenceMs) => conversationOf(streamHead(options.scope, options.id) + script, silenceMs),
    options.signal,
  );
  try {
    const first = await readGreeting(link, running);
    return { stdout: outputOf(link, running, first, options.signal), stderr: running.stderr };
  } catch (error) {
    await running.end();
    options.signal?.throwIfAborted();
    throw error;
  }
}

export async function writeStream(link: Link, script: string, source: Readable, options: InputOptions): Promise<string> {
  const pipe = `/run/tidemark-in-${randomUUID()}`;
  const whole = streamHead(options.scope, options.id) + script;
  const running = await start(link, (silenceMs) => receivingConversationOf(whole, pipe, silenceMs), options.signal);
  try {
    const output = [await readGreeting(link, running)];
    const read = (async () => {
      for await (const chunk of running.channel.iterator({ destroyOnReturn: false })) output.push(chunk as Buffer);
    })();
    read.catch(() => undefined); // its end is the exit's
    await feed(link, running, source, await openUpload(link, pipe, options.filter));
    running.channel.write('end\n');
    await read;
    const exit = await running.exited;
    refuseFailure(link, exit, running);
    return Buffer.concat(output).toString('utf8');
  } catch (error) {
    source.destroy();
    await running.end();
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    await running.end();
  }
}

export async function converse(link: Link, script: string, options: StreamOptions): Promise<HostConversation> {
  const pipe = `/run/tidemark-in-${randomUUID()}`;
  const whole = streamHead(options.scope, options.id) + script;
  const running = await start(link, (silenceMs) => receivingConversationOf(whole, pipe, silenceMs), options.signal);
  try {
    const first = await readGreeting(link, running);
    const upload = await openUpload(link, pipe);
    const onUploaded = ({ code }: Exit): void => void (code === 0 ? running.channel.write('end\n') : running.end());
    upload.exited.then(onUploaded, () => running.end());
    const output = outputOf(link, running, first, options.signal);
    output.once('close', () => upload.channel.destroy());
    return { input: upload.channel, output };
  } catch (error) {
    await running.end();
    options.signal?.throwIfAborted();
    throw error;
  }
}

/** Brings the source's bytes to the script by a channel of their own; fails when the script ends before it was given them all. */
async function feed(link: Link, running: Running, source: Readable, upload: Upload): Promise<void> {
  let early: TidemarkError | undefined;
  const onExit = (exit: Exit | undefined): void => {
    early ??= exit === undefined ? unreachable(link, 'while a script ran') : endedEarly(link, exit, running);
    upload.channel.destroy();
  };
  let watching = true;
  running.exited.then(
    (exit) => watching && onExit(exit),
    () => watching && onExit(undefined),
  );
  let broken: { readonly error: unknown } | undefined;
  try {
    await pipeline(
      watched(source, (error) => (broken = { error })),
      upload.channel,
    );
    const refusal = refusalOf(link, upload, await upload.exited);
    if (refusal !== undefined) throw refusal;
  } catch (error) {
    if (broken !== undefined) throw broken.error;
    // the channel closes before the exit is told of what closed it; the script's own failure says more than the broken pipe that followed from it
    await Promise.race([running.exited.catch(() => undefined), sleep(EXIT_FOLLOWS_MS, undefined, { ref: false })]);
    throw early ?? refusalOf(link, upload, await upload.exited.catch(() => undefined)) ?? asLost(link, error);
  } finally {
    watching = false;
    upload.channel.destroy();
  }
}

/** A script's own failure says more than that it did not take everything. */
function endedEarly(link: Link, exit: Exit, { stderr }: Running): TidemarkError {
  if (exit.code !== null && exit.code !== 0) return commandFailure(`a script on ${link.name} failed`, exit.code, stderr());
  return failure(link, `ended (exit code ${exit.code}) before it was given everything`);
}

/** Why the machine did not take everything, where it could tell. */
function refusalOf(link: Link, upload: Upload, exit: Exit | undefined): TidemarkError | undefined {
  if (exit === undefined || exit.code === 0) return undefined;
  if (exit.code === null) return failure(link, `was not given everything: what it is given through was ended by signal ${exit.signal}`);
  return commandFailure(`what a script on ${link.name} is given could not be taken`, exit.code, upload.stderr());
}

type Upload = Pick<Running, 'channel' | 'exited' | 'stderr'>;

/** A channel whose bytes the script is given as its standard input, as the filter gives them out. */
async function openUpload(link: Link, pipe: string, filter?: string): Promise<Upload> {
  const upload = await openChannel(link, loginCommand(link.isRoot), (channel) => {
    channel.resume();
    return { channel, stderr: tailOf(channel.stderr), exited: waitForExit(link, channel) };
  });
  upload.exited.catch(() => undefined);
  upload.channel.write(uploadOf(pipe, filter));
  return upload;
}

function asLost(link: Link, error: unknown): unknown {
  return error instanceof TidemarkError ? error : unreachable(link, 'while a script was given its input');
}

async function start(link: Link, conversation: (silenceMs: number) => string, signal: AbortSignal | undefined): Promise<Running> {
  signal?.throwIfAborted();
  const opened = await openChannel(link, loginCommand(link.isRoot), (channel) => ({
    channel,
    stderr: tailOf(channel.stderr),
    exited: waitForExit(link, channel),
  }));
  const { channel, exited } = opened;
  exited.catch(() => undefined);
  const pulse = setInterval(() => channel.writable && channel.write('\n'), link.keepaliveIntervalMs);
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> => (ended ??= endChannel(channel, exited));
  const onAbort = (): void => void end();
  signal?.addEventListener('abort', onAbort, { once: true });
  const forget = (): void => {
    clearInterval(pulse);
    signal?.removeEventListener('abort', onAbort);
  };
  exited.then(forget, forget);
  channel.write(conversation(link.keepaliveIntervalMs * MISSED_PULSES));
  return { ...opened, end };
}

/** The machine ends the script when its input ends; what it still writes is thrown away. */
async function endChannel(channel: ClientChannel, exited: Promise<Exit>): Promise<void> {
  channel.end();
  channel.resume();
  const giveUp = setTimeout(() => channel.destroy(), STOP_GRACE_MS);
  await exited.catch(() => undefined);
  clearTimeout(giveUp);
  channel.destroy();
}

/** Reads up to the mark and returns what followed it. */
async function readGreeting(link: Link, { channel, exited, stderr }: Running): Promise<Buffer> {
  let seen = Buffer.alloc(0);
  for (;;) {
    const chunk = channel.read() as Buffer | null;
    if (chunk === null) {
      if (channel.readableEnded || channel.destroyed) {
        await exited;
        throw notRoot(link, `${seen.toString('utf8')}${stderr()}`);
      }
      await Promise.race([once(channel, 'readable'), once(channel, 'end'), once(channel, 'close')]);
      continue;
    }
    seen = Buffer.concat([seen, chunk]);
    const mark = seen.indexOf(READY_MARK);
    const lineEnd = mark < 0 ? -1 : seen.indexOf('\n', mark);
    if (lineEnd >= 0 && seen.toString('utf8', mark + READY_MARK.length, lineEnd) === '0') return seen.subarray(lineEnd + 1);
    if (lineEnd >= 0 || seen.length > GREETING_BYTES) throw notRoot(link, `${seen.toString('utf8')}${stderr()}`);
  }
}

/** Destroying it ends the script at once: a generator that waits for a byte cannot be left before one comes. */
function outputOf(link: Link, running: Running, first: Buffer, signal: AbortSignal | undefined): Readable {
  const output = Readable.from(bytesOf(link, running, first, signal), { objectMode: false, highWaterMark: 1024 * 1024 });
  const destroy = output._destroy.bind(output);
  output._destroy = (error, done) => {
    void running.end();
    destroy(error, done);
  };
  return output;
}

async function* bytesOf(link: Link, running: Running, first: Buffer, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  try {
    if (first.length > 0) yield first;
    for await (const chunk of running.channel.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
    const exit = await running.exited;
    signal?.throwIfAborted();
    refuseFailure(link, exit, running);
  } catch (error) {
    await running.end();
    signal?.throwIfAborted();
    throw error instanceof TidemarkError ? error : unreachable(link, 'while a script ran');
  } finally {
    await running.end();
  }
}

function refuseFailure(link: Link, exit: Exit, running: Running): void {
  const words = running.stderr();
  if (exit.code === null) throw failure(link, `was ended by signal ${exit.signal}${lastWords(words)}`);
  if (exit.code !== 0) throw commandFailure(`a script on ${link.name} failed`, exit.code, words);
}

function tailOf(stream: NodeJS.ReadableStream): () => string {
  let tail = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-STDERR_TAIL_BYTES);
  });
  return () => tail.toString('utf8');
}
