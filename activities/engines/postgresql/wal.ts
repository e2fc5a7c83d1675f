/** Names of WAL segments, as numbers that continue across timelines. */

export interface WalSegment {
  readonly timeline: number;
  /** Position in the log, counted in segments. */
  readonly sequence: number;
  readonly name: string;
}

const LOG_BYTES = 0x1_0000_0000;

/** `<24 hex>` with whatever follows it in an archive; undefined for history files, labels and partial segments. */
export function parseArchivedSegment(fileName: string, segmentBytes: number): WalSegment | undefined {
  const name = /^([0-9A-F]{24})-[0-9a-f]{40}(\.(gz|lz4|zst|bz2))?$/.exec(fileName)?.[1];
  return name === undefined ? undefined : parseSegment(name, segmentBytes);
}

export function parseSegment(name: string, segmentBytes: number): WalSegment {
  const [timeline = 0, log = 0, segment = 0] = [0, 8, 16].map((at) => Number.parseInt(name.slice(at, at + 8), 16));
  return { timeline, sequence: log * (LOG_BYTES / segmentBytes) + segment, name };
}

export function segmentName(timeline: number, sequence: number, segmentBytes: number): string {
  const perLog = LOG_BYTES / segmentBytes;
  return [timeline, Math.floor(sequence / perLog), sequence % perLog]
    .map((part) => part.toString(16).toUpperCase().padStart(8, '0'))
    .join('');
}

/** One line of a `.history` file: the ancestor was left at this segment. */
export interface TimelineSwitch {
  readonly timeline: number;
  readonly sequence: number;
}

/** Reads a `.history` file: tab-separated parent timeline, LSN of the switch, reason. */
export function parseHistory(text: string, segmentBytes: number): TimelineSwitch[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+([0-9A-F]+)\/([0-9A-F]+)/i.exec(line);
    if (match === null) return [];
    const [, timeline = '', high = '', low = ''] = match;
    return [{ timeline: Number(timeline), sequence: lsnSequence(`${high}/${low}`, segmentBytes) }];
  });
}

/** The segment that holds an LSN such as "0/11000028". */
function lsnSequence(lsn: string, segmentBytes: number): number {
  const [high = '0', low = '0'] = lsn.split('/');
  return Number.parseInt(high, 16) * (LOG_BYTES / segmentBytes) + Math.floor(Number.parseInt(low, 16) / segmentBytes);
}

/**
 * The segments on the line that leads to `timeline`: an ancestor counts up to where it was left; the segment
 * of a switch stands under both timelines, and the newer one holds all of it.
 */
export function lineage<T extends WalSegment>(segments: readonly T[], timeline: number, history: readonly TimelineSwitch[]): T[] {
  const leftAt = new Map(history.map((entry) => [entry.timeline, entry.sequence]));
  const bySequence = new Map<number, T>();
  for (const segment of segments.toSorted((a, b) => a.timeline - b.timeline)) {
    const limit = segment.timeline === timeline ? Infinity : leftAt.get(segment.timeline);
    if (limit !== undefined && segment.sequence <= limit) bySequence.set(segment.sequence, segment);
  }
  return [...bySequence.values()].toSorted((a, b) => a.sequence - b.sequence);
}
