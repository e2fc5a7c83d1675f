import type { SealedObject } from '#activities/streams/sealed.ts';
import type { LogPosition } from '../binlog/replay-plan.ts';
import type { Server, ServerFacts } from './server-grammar.ts';

/** What the manifest of a streamed backup holds beside what every one does; docs/format.md. */
export interface StreamedData extends ToolReport {
  /** The stream, cut into objects; none when the backup is made of binary logs alone. */
  readonly volumes: readonly SealedObject[];
  /** Which server it was read from. */
  readonly server: { readonly uuid: string; readonly dataDirectory: string };
  /** What a server on this data must be set to. */
  readonly settings: Readonly<Record<string, string | number>>;
}

/** What the tool on the host told of a backup. */
export interface ToolReport {
  /** Of what is written by a restore. */
  readonly unpackedBytes: number;
  /** Where replaying begins; null while no binary logs are written. */
  readonly position: LogPosition | null;
  /** When the data was consistent, milliseconds since the epoch. */
  readonly consistentAt: number;
  /** The server's log sequence numbers between which pages were taken; null for engines without. */
  readonly pages: { readonly from: number; readonly to: number } | null;
}

export interface BackupPlace {
  /** A directory of this backup alone, below one that is swept before. */
  readonly directory: string;
  readonly server: Server;
  readonly facts: ServerFacts;
  /** Of an incremental that holds pages. */
  readonly parent: StreamedData | undefined;
}

/** How one engine gives its data as a stream. */
export interface BackupGrammar {
  /** `logs`: an incremental is the binary logs since its parent, and has no stream. */
  readonly incrementalsHold: 'pages' | 'logs';
  /** One row for each table that a backup could not carry: its name, a tab, the reason. */
  readonly unsupportedSql: string;
  /**
   * A script that writes the compressed stream and, after it, `reportMark` and its report to its errors. It exits 0 only when every
   * stage did and the tool said its closing word.
   */
  script(place: BackupPlace): string;
  /** Reads what followed the mark; throws `backup-not-proven` where it does not tell what it must. */
  readReport(report: string, place: BackupPlace): ToolReport;
}

export const reportMark = 'tidemark-report';
