import type { ReplayPlan } from '../../binlog/replay-plan.ts';
import type { Layout } from './layout.ts';

/** How one engine brings its data back. Scripts run with the functions of `private-server.ts`. */
export interface RestoreGrammar {
  /** Reads the unpacked stream on its standard input and writes it into a directory. */
  unpack(directory: string): string;
  /** What makes the unpacked full a data directory, or brings an incremental's directory into it; "" where nothing is to do. */
  prepare(directory: string, incremental: string | undefined): string;
  /** Options of a private server on the copy, beside those that every one has; `settings` are the backup's. */
  privateOptions(settings: Readonly<Record<string, string | number>>): readonly string[];
  /**
   * SQL that forgets every channel: the replay's; and the copy's before it, which it would go on with by itself, and whose recovery
   * would take the place of the replay's beginning.
   */
  readonly resetSql: string;
  /** SQL that begins to read the relay logs from the plan's start and stops at its end. */
  replaySql(plan: ReplayPlan): string;
  /** The tool that writes binary logs as SQL; it comes with the server. */
  readonly binlogTool: string;
  /** How `replaySql` is looked after: SQL that shows its state, and the names of its columns. */
  readonly statusSql: string;
  readonly columns: { readonly running: string; readonly error: string; readonly file: string; readonly position: string };
  /** Gives the copy GTIDs and log names that the old line never had, so that a replica of it stops. A script that finds the private server running, and leaves it stopped. */
  newGeneration(layout: Layout): string;
  /** Tidies the restored server up once it serves; a script, "" where nothing is to do. */
  afterStart(layout: Layout): string;
  /** Patterns of the files on top of a data directory that are the data's own; whatever else lies there goes over to the restored one. */
  readonly dataFiles: readonly string[];
}
