import type { BinlogGrammar, TransactionStart } from '../binlog/grammar.ts';
import { HEADER_BYTES } from '../binlog/grammar.ts';

const types = { gtid: 33, anonymousGtid: 34, previousGtids: 35, taggedGtid: 42 } as const;

/** After the header: flags (1), UUID (16), number (8), what follows (1), last committed (8), sequence number (8). */
const COMMIT_TIME = HEADER_BYTES + 42;
const COMMIT_TIME_BYTES = 7;

/** libs/mysql/binlog/event/control_events.h of MySQL. */
export const binlog: BinlogGrammar = {
  transactionTypes: new Set([types.gtid, types.anonymousGtid, types.taggedGtid]),
  stateType: types.previousGtids,
  // the whole file is encrypted and has another beginning
  encryptionType: undefined,
  transactionBytes: COMMIT_TIME + COMMIT_TIME_BYTES,
  readTransaction: (event, type) => commitTimeOf(event, type) ?? { second: event.readUInt32LE(0), certain: false, moves: undefined },
  // sets of intervals, which only the server compares: the names of the files and their beginnings chain them
  readState: () => undefined,
};

/** immediate_commit_timestamp, microseconds: the commit's true clock, which no session can set. A tagged GTID is laid out otherwise. */
function commitTimeOf(event: Buffer, type: number): TransactionStart | undefined {
  if (type === types.taggedGtid || event.length < COMMIT_TIME + COMMIT_TIME_BYTES) return undefined;
  const [low, high] = [event.readUInt32LE(COMMIT_TIME), event.readUIntLE(COMMIT_TIME + 4, 3)];
  // the highest bit says whether the original commit's time follows
  const microseconds = (high & 0x7f_ffff) * 2 ** 32 + low;
  return { second: Math.floor(microseconds / 1_000_000), certain: true, moves: undefined };
}
