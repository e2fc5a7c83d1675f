import { isCommandThere, runCommand } from '../commands.ts';
import type { PartsContext } from './cache.ts';
import { createLogFile, withLock } from './cache.ts';

/** Makes sure that commands are there, given as command → Debian package; as root on Debian by apt, else it says what to install. */
export async function ensureCommands({ cacheDir, progress }: PartsContext, packages: Readonly<Record<string, string>>): Promise<void> {
  const missing: string[] = [];
  for (const [command, name] of Object.entries(packages)) if (!(await isCommandThere(command))) missing.push(name);
  if (missing.length === 0) return;
  const names = missing.join(' ');
  if (process.getuid?.() !== 0 || !(await isCommandThere('apt-get')))
    throw new Error(`Commands are missing: install the packages ${names}.`);
  const script = `apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${names}`;
  const logFile = await createLogFile(cacheDir, 'packages');
  await withLock(cacheDir, 'apt', () => progress.step(`Installing ${names} by apt`, () => runCommand('sh', ['-c', script], { logFile })));
}
