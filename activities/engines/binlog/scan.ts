import { TidemarkError } from '#domain/errors.ts';
import type { Bounds, Commit } from './commit-clock.ts';
import { clockOf } from './commit-clock.ts';
import type { BinlogGrammar, TransactionStart } from './grammar.ts';
import { CHECKSUM_BYTES, HEADER_BYTES } from './grammar.ts';

/** What the event headers of one closed binary log say. Times are seconds since the epoch. */
export interface BinlogScan {
  /** When the file was begun, by its format description. */
  readonly createdAt: number;
  readonly sizeBytes: number;
  /** Where the event begins that closed the file; its size where a crash did. */
  readonly endPosition: number;
  /** Named by the event that closed it; undefined where a stop of the server or a crash did. */
  readonly nextFile: string | undefined;
  /** "domain=GTID" of everything before and after, where the grammar can tell. */
  readonly stateBefore: readonly string[] | undefined;
  readonly stateAfter: readonly string[] | undefined;
  /** Where the first and the last transaction begin; null where there is none. */
  readonly transactions: { readonly first: number; readonly last: number } | null;
  /** For each second in which something was committed, where its first transaction begins; ascending. */
  readonly commits: readonly (readonly [second: number, position: number])[];
}

const types = { stop: 3, rotate: 4, formatDescription: 15 } as const;
const MAGIC = Buffer.from([0xfe, 0x62, 0x69, 0x6e]);

/** Reads a file piece by piece, whole headers and as much of a body as is needed. The bounds are those of its true commit times. */
export interface BinlogScanner {
  push(chunk: Buffer): void;
  finish(bounds: Bounds): BinlogScan;
}

/** `onTransaction` hears of each transaction, where it begins, and which part of the state it moves on. */
export function createScanner(grammar: BinlogGrammar, name: string, onTransaction?: TransactionListener): BinlogScanner {
  const found = createFindings(grammar, name, onTransaction);
  let position = 0;
  let held: Buffer = Buffer.alloc(0);
  let skip = 0;
  const take = (): boolean => {
    if (position === 0) {
      if (held.length < MAGIC.length) return false;
      if (!held.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged(name, 'it is not a binary log, or an encrypted one');
      [held, position] = [held.subarray(MAGIC.length), MAGIC.length];
    }
    if (held.length < HEADER_BYTES) return false;
    const length = held.readUInt32LE(9);
    if (length < HEADER_BYTES) throw damaged(name, `the event at ${position} has a length of ${length}`);
    const wanted = found.bytesOf(held[4] ?? 0, length);
    if (held.length < wanted) return false;
    found.note(held.subarray(0, wanted), position);
    position += length;
    skip = Math.max(0, length - held.length);
    held = held.subarray(Math.min(length, held.length));
    return true;
  };
  return {
    push(chunk) {
      const passed = Math.min(skip, chunk.length);
      skip -= passed;
      if (passed === chunk.length) return;
      held = held.length === 0 ? chunk.subarray(passed) : Buffer.concat([held, chunk.subarray(passed)]);
      while (take());
      // what is kept must not hold the whole chunk in memory
      held = Buffer.from(held);
    },
    finish(bounds) {
      if (position === 0 || held.length > 0 || skip > 0)
        throw new TidemarkError('log-torn', `the binary log ${name} breaks off in the middle of an event: a crash has cut it off`);
      return found.finish(position, bounds);
    },
  };
}

type TransactionListener = (moves: TransactionStart['moves'], position: number) => void;

interface Findings {
  /** How many of an event's bytes are to be noted. */
  bytesOf(type: number, length: number): number;
  note(event: Buffer, position: number): void;
  finish(sizeBytes: number, bounds: Bounds): BinlogScan;
}

function createFindings(grammar: BinlogGrammar, name: string, onTransaction?: TransactionListener): Findings {
  const commits: Commit[] = [];
  let createdAt: number | undefined;
  let closing: { readonly position: number; readonly nextFile: string | undefined } | undefined;
  let stateBefore: ReadonlyMap<string, string> | undefined;
  const state = new Map<string, string>();
  const whole = new Set<number>([types.rotate, grammar.stateType]);
  return {
    bytesOf(type, length) {
      if (whole.has(type)) return length;
      return grammar.transactionTypes.has(type) ? Math.min(length, grammar.transactionBytes) : HEADER_BYTES;
    },
    note(event, position) {
      const type = event[4] ?? 0;
      if (createdAt === undefined && type !== types.formatDescription) throw damaged(name, 'it does not begin with a format description');
      closing = undefined;
      if (grammar.transactionTypes.has(type)) {
        const { second, certain, moves } = grammar.readTransaction(event, type);
        commits.push({ second, position, certain });
        if (moves !== undefined) state.set(...moves);
        onTransaction?.(moves, position);
      } else if (type === types.formatDescription) {
        createdAt ??= event.readUInt32LE(0);
      } else if (type === grammar.stateType) {
        stateBefore = grammar.readState(event);
        for (const [domain, gtid] of stateBefore ?? []) state.set(domain, gtid);
      } else if (type === types.rotate) {
        closing = { position, nextFile: event.toString('utf8', HEADER_BYTES + 8, event.length - CHECKSUM_BYTES) };
      } else if (type === types.stop) {
        closing = { position, nextFile: undefined };
      } else if (type === grammar.encryptionType) {
        throw damaged(name, 'it is encrypted');
      }
    },
    finish: (sizeBytes, bounds) => ({
      createdAt: createdAt ?? 0,
      sizeBytes,
      endPosition: closing?.position ?? sizeBytes,
      nextFile: closing?.nextFile,
      stateBefore: stateBefore === undefined ? undefined : linesOf(stateBefore),
      stateAfter: stateBefore === undefined ? undefined : linesOf(state),
      transactions: edgesOf(commits),
      commits: clockOf(commits, bounds),
    }),
  };
}

function edgesOf(commits: readonly Commit[]): BinlogScan['transactions'] {
  const [first, last] = [commits[0], commits.at(-1)];
  return first === undefined || last === undefined ? null : { first: first.position, last: last.position };
}

function linesOf(state: ReadonlyMap<string, string>): string[] {
  return [...state].map(([domain, gtid]) => `${domain}=${gtid}`).toSorted();
}

function damaged(name: string, what: string): TidemarkError {
  return new TidemarkError('backup-not-proven', `the binary log ${name} cannot be archived: ${what}`);
}
