import { TidemarkError } from '#domain/errors.ts';
import { generationKey, manifestKey } from '#domain/names.ts';
import type { Manifest } from '../manifest.ts';
import { findManifest, listManifests } from '../manifest.ts';
import type { EngineContext } from '../port.ts';

/** Removes backups and what builds on them; binary logs stay. A manifest goes first: without it a backup is not there. */
export async function expire(context: EngineContext, labels: readonly string[]): Promise<void> {
  const { store, generation } = context.repository;
  const doomed = await withDescendants(context, labels);
  for (const id of doomed) {
    await store.delete(manifestKey(context.database.id, generation, id));
    for await (const { key } of store.list(`${generationKey(context.database.id, generation)}/backups/${id}/`)) await store.delete(key);
  }
}

async function withDescendants(context: EngineContext, labels: readonly string[]): Promise<ReadonlySet<string>> {
  const doomed = new Set(labels);
  const ids = await listManifests(context);
  const manifests = (await Promise.all(ids.map((id) => findLegible(context, id)))).filter((manifest) => manifest !== undefined);
  for (let before = -1; before !== doomed.size;) {
    before = doomed.size;
    for (const { backupId, outcome } of manifests)
      if (outcome.parentLabel !== undefined && doomed.has(outcome.parentLabel)) doomed.add(backupId);
  }
  return doomed;
}

/** One that somebody has changed tells nothing, and must not keep others from being removed. */
async function findLegible(context: EngineContext, id: string): Promise<Manifest<unknown> | undefined> {
  try {
    return await findManifest(context, id);
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'object-tampered') return undefined;
    throw error;
  }
}
