/** What differs between the binary logs of MariaDB and MySQL. Numbers are event types: https://mariadb.com/kb/en/replication-protocol/, libs/mysql/binlog/event in MySQL's source. */
export interface BinlogGrammar {
  /** Each begins a transaction. */
  readonly transactionTypes: ReadonlySet<number>;
  /** Follows the format description and says which transactions came before this file. */
  readonly stateType: number;
  /** What begins an encrypted log; undefined where the whole file is. */
  readonly encryptionType: number | undefined;
  /** Of the event's first bytes, up to `transactionBytes` of them. */
  readTransaction(event: Buffer, type: number): TransactionStart;
  readonly transactionBytes: number;
  /** The state as text that can be compared with `stateAfter`; undefined where only the server can tell. */
  readState(event: Buffer): ReadonlyMap<string, string> | undefined;
}

export interface TransactionStart {
  /** Of the commit, seconds since the epoch. */
  readonly second: number;
  /** Whether a session cannot have set it. */
  readonly certain: boolean;
  /** Which part of the state it moves on, and to what; undefined where the state is not followed. */
  readonly moves: readonly [string, string] | undefined;
}

export const HEADER_BYTES = 19;
export const CHECKSUM_BYTES = 4;
/** Where the first event of any binary log begins: behind its magic number. */
export const FIRST_EVENT = 4;
