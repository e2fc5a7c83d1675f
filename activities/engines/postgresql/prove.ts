import { gunzipSync } from 'node:zlib';
import { TidemarkError } from '#domain/errors.ts';
import { repositoryKey, stanza } from '#domain/repository.ts';
import type { EngineContext } from '../port.ts';
import { pgbackrest } from './repository.ts';
import type { Server } from './server.ts';

/** An object of a backup with its size; the key is relative to the backup's folder. */
export interface ExpectedObject {
  readonly key: string;
  readonly sizeBytes: number;
}

/** Compares what a backup's manifest says with what lies in the bucket; returns what is missing or has another size. */
export async function findBrokenObjects(context: EngineContext, server: Server, config: string, label: string): Promise<string[]> {
  const folder = `${repositoryKey(context.database.id, context.repository.generation)}/backup/${stanza}/${label}/`;
  const stored = new Map<string, number>();
  for await (const object of context.repository.store.list(folder)) stored.set(object.key.slice(folder.length), object.sizeBytes);
  if (!stored.has('backup.manifest') || !stored.has('backup.manifest.copy')) return [`${label}/backup.manifest is missing`];
  const expected = expectedObjects(await readManifest(context, server, config, label), label);
  return expected.flatMap(({ key, sizeBytes }) => {
    const size = stored.get(key);
    if (size === sizeBytes) return [];
    return [`${label}/${key} ${size === undefined ? 'is missing' : `has ${size} bytes instead of ${sizeBytes}`}`];
  });
}

/** Throws `object-missing` naming the first few objects of the chain that are not there as they should be. */
export async function proveChain(context: EngineContext, server: Server, config: string, labels: readonly string[]): Promise<void> {
  for (const label of labels) {
    const broken = await findBrokenObjects(context, server, config, label);
    if (broken.length > 0) {
      throw new TidemarkError(
        'object-missing',
        `${broken.length} of the backup's objects are not as they should be: ${broken.slice(0, 3).join('; ')}`,
      );
    }
  }
}

async function readManifest(context: EngineContext, server: Server, config: string, label: string): Promise<string> {
  const command = pgbackrest(
    server,
    config,
    '--log-level-console=off',
    '--log-level-stderr=error',
    'repo-get',
    `backup/${stanza}/${label}/backup.manifest`,
  );
  const output = await context.host.run(`(${command}) | gzip -1 | base64 -w0`, { timeoutMs: 600_000, signal: context.signal });
  return gunzipSync(Buffer.from(output, 'base64')).toString();
}

interface ManifestFile {
  readonly size?: number;
  readonly 'repo-size'?: number;
  /** Bundle and offset in it. */
  readonly bni?: number;
  readonly bno?: number;
  /** Stored as a block incremental. */
  readonly bi?: number;
  readonly bim?: number;
  /** The earlier backup that holds it. */
  readonly reference?: string;
}

/** The objects that a backup itself brought, from the section target:file of its manifest: `path={json}` a line. */
export function expectedObjects(manifest: string, label: string): ExpectedObject[] {
  const section = /\n\[target:file\]\n(.*?)(\n\n\[|\n*$)/s.exec(manifest)?.[1];
  if (section === undefined) throw new TidemarkError('backup-not-proven', `the manifest of ${label} lists no files`);
  const ends = new Map<string, number>();
  for (const line of section.split('\n')) {
    const object = objectOf(line, label);
    if (object !== undefined) ends.set(object.key, Math.max(ends.get(object.key) ?? 0, object.sizeBytes));
  }
  return [...ends].map(([key, sizeBytes]) => ({ key, sizeBytes }));
}

function objectOf(line: string, label: string): ExpectedObject | undefined {
  const at = line.indexOf('={');
  if (at < 0) return undefined;
  const file = JSON.parse(line.slice(at + 1)) as ManifestFile;
  const size = file['repo-size'] ?? file.size ?? 0;
  if (file.reference !== undefined && file.reference !== label) return undefined;
  if (file.bni !== undefined) return { key: `bundle/${file.bni}`, sizeBytes: (file.bno ?? 0) + size };
  if ((file.size ?? 0) === 0) return undefined;
  return { key: `${line.slice(0, at)}${file.bi === undefined || file.bim === undefined ? '.zst' : '.pgbi'}`, sizeBytes: size };
}
