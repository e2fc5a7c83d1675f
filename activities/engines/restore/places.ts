import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import { findKept, homeOf, keep } from '../home.ts';
import type { EngineContext, RestoreRequest } from '../port.ts';

/** A directory that a restore exchanges: the data directory, and what a data directory has outside itself. */
export interface Place {
  readonly live: string;
}

/** What every engine's `preflight` writes down on the host: the server as it was before anything was exchanged. */
export interface RestoreLayout {
  /** The data directory first. */
  readonly places: readonly Place[];
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

export async function findLayout<L extends RestoreLayout>(context: EngineContext, request: RestoreRequest): Promise<L | undefined> {
  return await findKept<L>(context, layoutName(request));
}

export async function getLayout<L extends RestoreLayout>(context: EngineContext, request: RestoreRequest): Promise<L> {
  const layout = await findLayout<L>(context, request);
  if (layout !== undefined) return layout;
  throw new TidemarkError('host-job-lost', `the preflight of the restore ${request.restoreId} left no plan on the host`);
}

/** Whether the restored data serves, and the former one is still there. */
export async function isExchanged(
  { host }: EngineContext,
  { restoreId }: RestoreRequest,
  { places: [data] }: RestoreLayout,
): Promise<boolean> {
  if (data === undefined) return false;
  const marker = `${data.live}/${markerFile}`;
  const answer = await host.run(sh`if [ "$(cat ${marker} 2>/dev/null)" = ${restoreId} ] && [ -e ${setAsideOf(data)} ]; then echo yes; fi`);
  return answer.trim() === 'yes';
}

export function writeLayout(context: EngineContext, request: RestoreRequest, layout: RestoreLayout): string {
  return keep(context.database.id, layoutName(request), layout);
}

export function layoutPath(context: EngineContext, request: RestoreRequest): string {
  return `${homeOf(context.database.id)}/${layoutName(request)}`;
}

function layoutName(request: RestoreRequest): string {
  return `restore-${request.restoreId}.json`;
}
