import type { Readable, Writable } from 'node:stream';

/** What the process was started with, beside its arguments. */
export interface Invocation {
  readonly terminal: Terminal;
  readonly surroundings: Surroundings;
}

/** Each may also be a file or a pipe. */
export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Output;
  /** For what is said beside the result: questions, errors. */
  readonly errors: Output;
}

export interface Output extends Writable {
  readonly isTTY?: boolean;
  /** 0 where a terminal does not tell its width. */
  readonly columns?: number;
}

/** What the environment says. */
export interface Surroundings {
  readonly url: string | undefined;
  readonly token: string | undefined;
  /** XDG_CONFIG_HOME. */
  readonly configHome: string | undefined;
}
