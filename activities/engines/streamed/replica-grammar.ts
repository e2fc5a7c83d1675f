import type { LogPosition } from '../binlog/replay-plan.ts';
import type { LogRecord } from '../binlog/record.ts';
import type { EngineContext } from '../port.ts';

/** Runs a statement on one of the two servers and returns what it printed. */
export type Ask = (sql: string) => Promise<string>;

/** How the data of a replica is brought together with the binary logs of its primary. */
export interface ReplicaGrammar {
  /** Asked on the primary: the transactions that it has. */
  readonly executedSql: string;
  /** Asked on the replica: 0 as soon as it has these transactions, something else when the time is over. */
  waitSql(executed: string, seconds: number): string;
  /** Transactions of the replica that its primary does not have; "" where there are none. */
  findForeign(replica: Ask, primary: Ask): Promise<string>;
  /** Why a replica that is set up so cannot be used, from its status as the client shows it with `--vertical`; undefined where it can. */
  findMisfit(status: string): string | undefined;
  /** Where a replay on the copy begins. The first of `records` may hold what the copy lacks; `gtid` is what the tool told. */
  findStart(context: EngineContext, records: readonly LogRecord[], gtid: string | undefined): Promise<LogPosition>;
}
