import type { ReplayPlan } from '../../binlog/replay-plan.ts';
import type { RestoreLayout } from '../../restore/places.ts';
import { freshOf } from '../../restore/places.ts';
import type { Server, ServerFacts } from '../server-grammar.ts';

/** What the preflight found and decided. */
export interface Layout extends RestoreLayout {
  readonly server: Server;
  readonly facts: ServerFacts;
  /** Number of the binary log that the server wrote at the preflight; 0 while it writes none. */
  readonly logNumber: number;
  /** Names the life that begins. */
  readonly lineage: string;
}

/** What is replayed on the copy, by name and size; the objects are read from the records again. */
export type Replay = Pick<ReplayPlan, 'start' | 'end'> & { readonly files: readonly string[] };

/** Says that a recovery of the new directory has begun. */
export function beganMark({ places, server }: Layout): string {
  return `${freshOf(places[0] ?? { live: server.dataDirectory })}-began`;
}
