import { join } from 'node:path';
import type { PartsContext } from './cache.ts';
import { ensureCached } from './cache.ts';
import { buildWithGo } from './go.ts';
import { versions } from './versions.ts';

/** The path of the versitygw binary: an S3 server. It is static, for it also runs inside a container. */
export async function ensureVersitygw({ cacheDir, progress }: PartsContext): Promise<string> {
  const { version, module } = versions.versitygw;
  const directory = await ensureCached(cacheDir, `versitygw-${version}`, async (draft) => {
    await progress.step(`S3 server (versitygw ${version}): building with Go (about 1 minute)`, async () => {
      await buildWithGo({ cacheDir, directory: draft, name: 'versitygw', module, version });
    });
  });
  return join(directory, 'versitygw');
}
