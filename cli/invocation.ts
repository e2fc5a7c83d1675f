import type { ReadStream, WriteStream } from 'node:tty';

/** What the process was started with, beside its arguments. */
export interface Invocation {
  readonly terminal: Terminal;
  readonly surroundings: Surroundings;
}

/** Each may also be a file or a pipe: `isTTY` tells. */
export interface Terminal {
  readonly input: ReadStream;
  readonly output: WriteStream;
  /** For what is said beside the result: questions, errors. */
  readonly errors: WriteStream;
}

/** What the environment says. */
export interface Surroundings {
  readonly url: string | undefined;
  readonly token: string | undefined;
  /** XDG_CONFIG_HOME. */
  readonly configHome: string | undefined;
}
