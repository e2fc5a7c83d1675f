import { raw, sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import { homeOf } from '../repository.ts';
import type { Server, ServerFacts } from '../server.ts';

/** A directory that a restore exchanges: the data directory, or a tablespace's. */
export interface Place {
  readonly live: string;
  /** undefined for the data directory. */
  readonly tablespace?: { readonly oid: number };
}

export function freshOf(place: Place): string {
  return `${place.live}.tidemark-new`;
}

export function setAsideOf(place: Place): string {
  return `${place.live}.tidemark-old`;
}

/** Stands in a restored directory until the restore is over, and says whose it is. */
export const markerFile = 'tidemark-restore';

/** Sockets, logs and access rules of the private instance. */
export function privateDirectory(context: EngineContext): string {
  return `${homeOf(context.database.id)}/private`;
}

/** What `preflight` wrote down on the host: the server as it was before anything was exchanged. */
export interface Layout {
  readonly server: Server;
  readonly facts: ServerFacts;
  readonly places: readonly Place[];
}

export async function findLayout(context: EngineContext, request: RestoreRequest): Promise<Layout | undefined> {
  const text = await context.host.run(sh`cat ${planPath(context, request)} 2>/dev/null || true`);
  return text.trim() === '' ? undefined : (JSON.parse(text) as Layout);
}

export async function getLayout(context: EngineContext, request: RestoreRequest): Promise<Layout> {
  const layout = await findLayout(context, request);
  if (layout === undefined)
    throw new TidemarkError('host-job-lost', `the preflight of the restore ${request.restoreId} left no plan on the host`);
  return layout;
}

export function writeLayout(context: EngineContext, request: RestoreRequest, layout: Layout): string {
  return sh`cat > ${planPath(context, request)} <<'TIDEMARK'
${raw(JSON.stringify(layout))}
TIDEMARK
`;
}

export function planPath(context: EngineContext, request: RestoreRequest): string {
  return `${homeOf(context.database.id)}/restore-${request.restoreId}.json`;
}
