import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isCommandThere, runCommand, tryCommand } from '../commands.ts';
import type { PartsContext } from './cache.ts';
import { createLogFile, withLock } from './cache.ts';
import { versions } from './versions.ts';

/** Makes sure that Docker has the image that the lab's images build on: pulled, or else built by debootstrap. */
export async function ensureBaseImage({ cacheDir, progress }: PartsContext): Promise<string> {
  const image = versions.baseImage;
  if (await isImageThere(image)) return image;
  return await withLock(cacheDir, 'base-image', async () => {
    if (await isImageThere(image)) return image;
    await progress.step(`Base image ${image}`, async () => {
      const pull = await tryCommand('docker', ['pull', '--quiet', image], { timeoutMs: 300_000 });
      if (pull.exitCode !== 0) await buildByDebootstrap(cacheDir, image, pull.stderr.trim());
    });
    return image;
  });
}

async function isImageThere(image: string): Promise<boolean> {
  return (await tryCommand('docker', ['image', 'inspect', image])).exitCode === 0;
}

async function buildByDebootstrap(cacheDir: string, image: string, pullError: string): Promise<void> {
  const cannotPull = `Docker image ${image} cannot be pulled (${pullError.split('\n').at(-1)})`;
  if (process.getuid?.() !== 0) throw new Error(`${cannotPull}, and building it by debootstrap needs root.`);
  const logFile = await createLogFile(cacheDir, 'base-image');
  if (!(await isCommandThere('debootstrap'))) await installDebootstrap(cannotPull, logFile);
  const root = await mkdtemp(join(cacheDir, 'base-image-'));
  try {
    await runCommand('sh', ['-euc', debootstrapScript, 'sh', root, versions.debianSuite, image], { logFile });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function installDebootstrap(cannotPull: string, logFile: string): Promise<void> {
  if (!(await isCommandThere('apt-get'))) throw new Error(`${cannotPull}, and there is no apt-get to install debootstrap.`);
  const script = 'apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends debootstrap';
  await runCommand('sh', ['-c', script], { logFile });
}

/** The image gets the package source and the proxy that this machine uses. Arguments: directory, suite, image. */
const debootstrapScript = String.raw`
mirror=$(apt-get indextargets --format '$(SITE)' 'Identifier: Packages' 'Origin: Debian' | grep '/debian/*$' | head -n 1 || true)
debootstrap --variant=minbase "$2" "$1" $mirror
apt-config dump --format '%f "%v";%n' Acquire::http Acquire::https | grep Proxy > "$1/etc/apt/apt.conf.d/90proxy" || rm "$1/etc/apt/apt.conf.d/90proxy"
rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/* "$1/etc/resolv.conf" "$1/etc/hostname"
tar -C "$1" -c . | docker import --change 'CMD ["bash"]' - "$3"
`;
