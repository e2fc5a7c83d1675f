import { readJson, writeJson } from '#activities/streams/sealed-json.ts';
import { generationKey, manifestKey } from '#domain/names.ts';
import type { BackupOutcome, EngineContext, RestoreRequest } from './port.ts';
import { TidemarkError } from '#domain/errors.ts';

/** What every backup's manifest holds, whatever its engine; `data` is the engine's own. docs/format.md is its contract. */
export interface Manifest<T> {
  readonly format: 1;
  readonly backupId: string;
  readonly databaseId: string;
  readonly generation: number;
  readonly engine: string;
  readonly outcome: BackupOutcome;
  readonly data: T;
}

/** The last act of a backup: it exists when its manifest does. Written and read back. */
export async function writeManifest<T>(
  context: EngineContext,
  backupId: string,
  content: Pick<Manifest<T>, 'engine' | 'outcome' | 'data'>,
): Promise<void> {
  const { id: databaseId } = context.database;
  const { generation } = context.repository;
  const manifest: Manifest<T> = { format: 1, backupId, databaseId, generation, ...content };
  await writeJson(context.repository, manifestKey(databaseId, generation, backupId), manifest);
}

/** undefined where it is not there; throws `object-tampered` where it is not what was written. */
export async function findManifest<T>(context: EngineContext, backupId: string): Promise<Manifest<T> | undefined> {
  const key = manifestKey(context.database.id, context.repository.generation, backupId);
  if ((await context.repository.store.head(key)) === undefined) return undefined;
  const manifest = await readJson<Manifest<T>>(context.repository, key);
  if (manifest.format !== 1)
    throw new TidemarkError('object-tampered', `${key} is of format ${String(manifest.format)}; this Tidemark reads 1`);
  return {
    ...manifest,
    outcome: {
      ...manifest.outcome,
      // JSON has neither dates nor undefined
      consistentAt: new Date(manifest.outcome.consistentAt),
      parentLabel: manifest.outcome.parentLabel ?? undefined,
      fallbackReason: manifest.outcome.fallbackReason ?? undefined,
      firstLog: manifest.outcome.firstLog ?? undefined,
      lastLog: manifest.outcome.lastLog ?? undefined,
    },
  };
}

/** The manifests of a chain, the full first; for engines whose labels are the backups' ids. */
export async function readChain<T>(context: EngineContext, { chainLabels }: Pick<RestoreRequest, 'chainLabels'>): Promise<Manifest<T>[]> {
  return await Promise.all(
    chainLabels.map(async (label) => {
      const manifest = await findManifest<T>(context, label);
      if (manifest !== undefined) return manifest;
      throw new TidemarkError('object-missing', `the manifest of the backup ${label} is missing from the bucket`);
    }),
  );
}

/** The ids of every backup of the generation that has a manifest. */
export async function listManifests(context: EngineContext): Promise<string[]> {
  const folder = `${generationKey(context.database.id, context.repository.generation)}/backups/`;
  const ids: string[] = [];
  for await (const { key } of context.repository.store.list(folder)) {
    const [, id] = /^([^/]+)\/manifest\.json$/.exec(key.slice(folder.length)) ?? [];
    if (id !== undefined) ids.push(id);
  }
  return ids;
}
