import type { SealedObject } from '#activities/streams/sealed.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { LogPosition } from '../binlog/replay-plan.ts';
import type { Server, ServerFacts } from './server-grammar.ts';

/** What the manifest of a streamed backup holds beside what every one does; docs/format.md. */
export interface StreamedData extends ToolReport {
  /** The stream, cut into objects; none when the backup is made of binary logs alone. */
  readonly volumes: readonly SealedObject[];
  /** The server whose pages or, where incrementals are made of binary logs, whose logs an incremental goes on with. */
  readonly server: { readonly uuid: string; readonly dataDirectory: string };
  /** What a server on this data must be set to. */
  readonly settings: Readonly<Record<string, string | number>>;
}

/** What the tool on the host told of a backup. */
export interface ToolReport {
  /** Of what is written by a restore. */
  readonly unpackedBytes: number;
  /** Of the compressed stream, as they left the host. */
  readonly sentBytes: number;
  /** Where replaying begins; null while no binary logs are written. */
  readonly position: LogPosition | null;
  /** When the data was consistent, milliseconds since the epoch. */
  readonly consistentAt: number;
  /** The server's log sequence numbers between which pages were taken; null for engines without. */
  readonly pages: { readonly from: number; readonly to: number } | null;
}

/** As `ToolReport`, with what only matters until the manifest is written. */
export interface Told extends ToolReport {
  /** Of a replica: the last transaction that it had applied; undefined where the tool does not tell. */
  readonly gtid: string | undefined;
}

export interface BackupPlace {
  /** Of the server that is read. */
  readonly databaseId: string;
  readonly backupId: string;
  readonly server: Server;
  readonly facts: ServerFacts;
  readonly isReplica: boolean;
  /** Of an incremental that holds pages. */
  readonly parent: StreamedData | undefined;
}

/** How one engine gives its data as a stream. */
export interface BackupGrammar {
  /** `logs`: an incremental is the binary logs since its parent, and has no stream. */
  readonly incrementalsHold: 'pages' | 'logs';
  /** One row for each table that a backup could not carry: its name, a tab, the reason. */
  readonly unsupportedSql: string;
  /** A script that ends and removes what earlier backups of the database left on the host. */
  sweep(place: Pick<BackupPlace, 'server' | 'facts'>, databaseId: string): string;
  /**
   * A script, run after `sweep`, that writes the compressed stream and, after it, `reportMark` and its report to its errors. It exits 0 only when every
   * stage did and the tool said its closing word.
   */
  script(place: BackupPlace): string;
  /** Reads what followed the mark; throws `backup-not-proven` where it does not tell what it must. */
  readReport(report: string, place: BackupPlace): Told;
}

export const reportMark = 'tidemark-report';

/** How a stream is compressed: at the level and with the words that `readCounts` needs on its errors. */
export const compressor = 'zstd -T0 -3 -vv -c';

/** What zstd counted: bytes that went in and bytes that came out; those before 1.5.1 say `(3 => 2 bytes, …)`. Errors: `backup-not-proven`. */
export function readCounts(report: string): { readonly unpackedBytes: number; readonly sentBytes: number } {
  const [, unpacked, sent] = /\(\s*(\d+)(?: B)?\s*=>\s*(\d+) (?:B|bytes)/.exec(report) ?? [];
  if (unpacked === undefined) throw new TidemarkError('backup-not-proven', 'zstd did not say how many bytes it took and gave');
  return { unpackedBytes: Number(unpacked), sentBytes: Number(sent) };
}
