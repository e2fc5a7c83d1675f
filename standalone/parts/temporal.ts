import { join } from 'node:path';
import { messageOf } from '#domain/errors.ts';
import { tryCommand } from '../commands.ts';
import type { PartsContext } from './cache.ts';
import { ensureCached } from './cache.ts';
import { downloadArchive, platformName } from './download.ts';
import { buildWithGo } from './go.ts';
import { versions } from './versions.ts';

/** The path of the `temporal` binary: from PATH if its server is new enough, else downloaded, else built with Go. */
export async function ensureTemporal({ cacheDir, progress }: PartsContext): Promise<string> {
  const { version, module, sha256 } = versions.temporal;
  if (await isOnPath()) return 'temporal';
  const directory = await ensureCached(cacheDir, `temporal-${version}`, async (draft) => {
    const platform = platformName();
    const url = `https://github.com/temporalio/cli/releases/download/v${version}/temporal_cli_${version}_${platform}.tar.gz`;
    const sum = Object.entries(sha256).find(([name]) => name === platform)?.[1];
    const label = `Temporal server ${version}`;
    try {
      await progress.step(`${label}: downloading`, async () => await downloadArchive({ url, sha256: sum, directory: draft }));
    } catch (error) {
      progress.line(`${label}: no download (${causeOf(error)})`);
      await progress.step(`${label}: building with Go (about 3 minutes)`, async () => {
        await buildWithGo({ cacheDir, directory: draft, name: 'temporal', module, version });
      });
    }
  });
  return join(directory, 'temporal');
}

/** A server of the pinned minor version or a later one of the same major can open our database file. */
async function isOnPath(): Promise<boolean> {
  const { stdout } = await tryCommand('temporal', ['--version']);
  const [, major, minor] = /Server (\d+)\.(\d+)\./.exec(stdout) ?? [];
  const [pinnedMajor, pinnedMinor] = versions.temporal.serverVersion.split('.').map(Number);
  return Number(major) === pinnedMajor && Number(minor) >= (pinnedMinor ?? 0);
}

/** `fetch` says only "fetch failed"; its cause says why. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
}
