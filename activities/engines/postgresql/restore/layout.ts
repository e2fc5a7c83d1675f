import type { Place, RestoreLayout } from '../../restore/places.ts';
import type { Server, ServerFacts } from '../server.ts';

/** The data directory, or a tablespace's. */
export interface TablespacePlace extends Place {
  /** undefined for the data directory. */
  readonly tablespace?: { readonly oid: number };
}

export interface Layout extends RestoreLayout {
  readonly server: Server;
  readonly facts: ServerFacts;
  readonly places: readonly TablespacePlace[];
  /** When the backup ended, in seconds since the epoch; absent where an earlier version has written the layout. */
  readonly backedUpAt?: number;
}
