import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isCommandThere, runCommand } from '../commands.ts';
import type { PartsContext } from './cache.ts';
import { ensureCached } from './cache.ts';
import { downloadArchive, platformName } from './download.ts';
import { fetchByMaven } from './maven.ts';
import { versions } from './versions.ts';

const name = 'temporal-test-server';

/** The path of Temporal's time-skipping test server: by Maven where Java is, else the official native build. */
export async function ensureTestServer({ cacheDir, progress }: PartsContext): Promise<string> {
  const { version } = versions.testServer;
  const directory = await ensureCached(cacheDir, `${name}-${version}`, async (draft) => {
    if ((await isCommandThere('java')) && (await isCommandThere('mvn'))) {
      await progress.step(`Test server ${version}: fetching by Maven`, async () => await fetch(cacheDir, draft));
    } else {
      await progress.step(`Test server ${version}: downloading`, async () => await download(draft));
    }
  });
  return join(directory, name);
}

async function fetch(cacheDir: string, directory: string): Promise<void> {
  await fetchByMaven({ cacheDir, directory, ...versions.testServer });
  await writeFile(join(directory, name), wrapper(), { mode: 0o755 });
}

function wrapper(): string {
  return `#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -cp "$(dirname "$0")/jars/*" ${versions.testServer.mainClass} "$@"
`;
}

async function download(directory: string): Promise<void> {
  const { version } = versions.testServer;
  const file = `${name}_${version}_${platformName()}.tar.gz`;
  const url = `https://github.com/temporalio/sdk-java/releases/download/v${version}/${file}`;
  try {
    await downloadArchive({ url, directory });
    await runCommand('sh', ['-euc', `[ -e ${name} ] || mv */${name} .`], { cwd: directory });
  } catch (error) {
    throw new Error('The time-skipping test server needs Java 17 and Maven, or a way to github.com: neither is there.', { cause: error });
  }
}
