import type { BinlogGrammar } from '../binlog/grammar.ts';
import { HEADER_BYTES } from '../binlog/grammar.ts';

const types = { gtid: 162, gtidList: 163, startEncryption: 164 } as const;

/** sql/log_event.h of MariaDB. A GTID event's time is its COMMIT's, but a session may have set it. */
export const binlog: BinlogGrammar = {
  transactionTypes: new Set([types.gtid]),
  stateType: types.gtidList,
  encryptionType: types.startEncryption,
  transactionBytes: HEADER_BYTES + 12,
  readTransaction(event) {
    const [sequence, domain] = [event.readBigUInt64LE(HEADER_BYTES), event.readUInt32LE(HEADER_BYTES + 8)];
    return { second: event.readUInt32LE(0), certain: false, moves: moveOf(domain, event.readUInt32LE(5), sequence) };
  },
  // the count (28 bits), then domain, server and sequence of each; the last one of a domain is its newest
  readState(event) {
    const count = event.readUInt32LE(HEADER_BYTES) & 0x0fff_ffff;
    return new Map(
      Array.from({ length: count }, (_, index) => {
        const at = HEADER_BYTES + 4 + index * 16;
        return moveOf(event.readUInt32LE(at), event.readUInt32LE(at + 4), event.readBigUInt64LE(at + 8));
      }),
    );
  },
};

function moveOf(domain: number, server: number, sequence: bigint): [string, string] {
  return [String(domain), `${domain}-${server}-${sequence}`];
}
