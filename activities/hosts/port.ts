import type { Readable, Writable } from 'node:stream';

/** How a machine is reached. `hostKey` is the pinned public key as sshd shows it, "ssh-ed25519 AAAA…". */
export interface HostAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  readonly hostKey: string;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** How long the script may take; the default is 60 s. Then it is ended, and the call is `host-command-failed`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Work that outlives the SSH link: it runs detached under `/run/tidemark/<scope>/<id>/`,
 * and the next attempt with the same scope and id finds it again, whatever script it brings.
 * The log lies in memory (/run): a script writes to it what a person reads, not data.
 */
export interface Job {
  /** The database's id: what is left over of a scope can be found and ended. */
  readonly scope: string;
  readonly id: string;
  readonly script: string;
  /** A script run at every look at the job (every 5 s), for at most 15 s; its standard output goes to `onProgress`. A failure of it is ignored. */
  readonly progress?: string;
}

export interface JobOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (output: string) => void;
}

export interface JobResult {
  readonly exitCode: number;
  /** Standard output and error together, the last 64 KiB. */
  readonly log: string;
}

export interface StreamOptions {
  /** The database's id, as of a job. */
  readonly scope: string;
  /** What of an earlier stream or job of the same scope and id still runs is ended first: a stream cannot be taken up again. */
  readonly id: string;
  /** When it aborts, the script's processes are ended, and the stream fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface InputOptions extends StreamOptions {
  /** A command that the input passes on the machine before it comes to the script, `zstd -q -dc` say. Where it fails, the script never sees an end. */
  readonly filter?: string;
}

/** What a running script writes. */
export interface HostOutput {
  /**
   * Its bytes, with back-pressure: a reader that waits makes the script wait. It *ends* only after the script exited 0; otherwise it
   * fails, and by then the script's processes are gone. Destroying it ends them too.
   */
  readonly stdout: Readable;
  /** The last 1 MiB of its errors so far. */
  stderr(): string;
}

/** Both ends of a running script. */
export interface HostConversation {
  /** Its standard input; ending it is the end of the input. */
  readonly input: Writable;
  /** As of `HostOutput`. */
  readonly output: Readable;
}

/**
 * One open link to a machine, as root.
 *
 * Contract: scripts are bash with `set -euo pipefail`, run by `sudo -n`, and travel on standard input,
 * never in argv. Only the exit status decides: a stream that ends without one is `host-unreachable`.
 * Their standard input is empty but for `writeStream` and `converse`, their directory is /. What a script wrote to its errors stands in the message
 * of its failure: it must not print secrets. When the call ends early (signal, timeout, more than 64 MiB of output,
 * lost link), the script's whole session is ended on the machine; what a script that came to its end left running stays.
 * Errors: `host-unreachable`, `host-key-changed`, `host-login-refused`, `host-sudo-refused`,
 * `host-command-failed`, `host-job-lost`, `disk-full`, `tool-missing`.
 */
export interface Host {
  /** Runs a script to its end and returns what it wrote, whatever its exit code. */
  tryRun(script: string, options?: RunOptions): Promise<RunResult>;
  /** Runs a script to its end, returns its standard output, and throws `host-command-failed` unless it exits 0. */
  run(script: string, options?: RunOptions): Promise<string>;
  /**
   * Starts the job, or re-attaches to the one of the same id, and waits for its end.
   * When `signal` aborts, the job and its children are ended (SIGTERM, SIGKILL 10 s later), its files removed, and the signal's
   * reason is thrown. To leave the job to a next attempt instead, as when the worker shuts down, close the host: that is `host-unreachable`.
   * What it left under /run is removed once its result was read; a job that died without a result is `host-job-lost`, and removed too.
   */
  runJob(job: Job, options?: JobOptions): Promise<JobResult>;
  /**
   * Starts the script and gives what it writes while it runs; there is no time limit. Everything that the script started is ended
   * with it. Its processes are registered under `/run/tidemark/<scope>/<id>/` like a job's, so that `sweepJobs` finds what a
   * dead link left. Before the stream errors are thrown as by `tryRun`, afterwards they destroy `stdout`.
   */
  readStream(script: string, options: StreamOptions): Promise<HostOutput>;
  /**
   * The script's standard input is `source`, with back-pressure; returns its standard output once it exited 0. It has failed
   * (`host-command-failed`) when it exits before it was given all of the source, or when the filter does not exit 0. When the source
   * fails, the script's processes are ended before they see an end of their input, and the source's error is thrown. On any failure
   * the source is destroyed.
   */
  writeStream(script: string, source: Readable, options: InputOptions): Promise<string>;
  /** As `readStream`, of a script that is given its input while it writes: a protocol. An input that is not ended is never seen to end. */
  converse(script: string, options: StreamOptions): Promise<HostConversation>;
  /** Ends and removes every job and stream of the scope that is not in `keep`; returns the ids of those found. */
  sweepJobs(scope: string, keep?: readonly string[]): Promise<string[]>;
  close(): void;
}
