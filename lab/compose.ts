import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { runCommand, tryCommand } from '#standalone/commands.ts';
import type { PartsContext } from '#standalone/parts/cache.ts';
import { createLogFile, withLock } from '#standalone/parts/cache.ts';

const root = join(import.meta.dirname, '..');
const imagesDir = join(root, 'lab', 'images');

/** Runs Compose for one lab; `compose` is its command, as `ensureDocker` found it. */
export async function runCompose(compose: readonly string[], lab: LabFiles, args: readonly string[]): Promise<void> {
  const [command = 'docker', ...first] = compose;
  const file = join(root, 'docker-compose.yml');
  const common = ['--project-name', lab.project, '--env-file', lab.envFile, '--file', file, '--profile', 'lab'];
  await runCommand(command, [...first, ...common, ...args], { cwd: root });
}

export interface LabFiles {
  readonly project: string;
  readonly envFile: string;
}

/** Builds the lab's images of these names; their tags are hashes of what they are made from, so nothing is built twice. */
export async function ensureImages(
  { cacheDir, progress }: PartsContext,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const tags: Record<string, string> = {};
  for (const name of names) {
    const tag = await hashDirectories([join(imagesDir, 'machine'), join(imagesDir, name)]);
    tags[`TIDEMARK_LAB_${name.toUpperCase()}_TAG`] = tag;
    const image = `tidemark-lab-${name}:${tag}`;
    if (await isImageThere(image)) continue;
    await withLock(cacheDir, `image-${name}`, async () => {
      if (await isImageThere(image)) return;
      const logFile = await createLogFile(cacheDir, `image-${name}`);
      await progress.step(`Lab image ${name}: building (about 1 minute)`, async () => {
        await runCommand('docker', ['build', '--tag', image, '--file', join(imagesDir, name, 'Dockerfile'), imagesDir], { logFile });
      });
    });
  }
  return tags;
}

async function isImageThere(image: string): Promise<boolean> {
  return (await tryCommand('docker', ['image', 'inspect', image])).exitCode === 0;
}

async function hashDirectories(directories: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const directory of directories) {
    for (const name of (await readdir(directory)).toSorted()) {
      hash.update(`${name}\0`).update(await readFile(join(directory, name)));
    }
  }
  return hash.digest('hex').slice(0, 12);
}

/** Writes the variables of docker-compose.yml. */
export async function writeEnvFile(path: string, variables: Readonly<Record<string, string>>): Promise<void> {
  await writeFile(
    path,
    Object.entries(variables)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
}

/** The largest packet the machine's way out takes; a bridge with a larger one loses packets inside tunnels. */
export async function findMtu(): Promise<string> {
  const route = await tryCommand('ip', ['-o', 'route', 'show', 'default']);
  const device = /\bdev (\S+)/.exec(route.stdout)?.[1];
  if (device === undefined || networkInterfaces()[device] === undefined) return '1500';
  return (await readFile(`/sys/class/net/${device}/mtu`, 'utf8')).trim();
}
