import { runCommand } from '../commands.ts';
import type { PartsContext } from './cache.ts';
import { ensureCommands } from './packages.ts';

/** A browser without windows for the panel's tests and pictures, with letters to write with; returns where it is. */
export async function ensureChromium(context: PartsContext): Promise<string> {
  await ensureCommands(context, { 'chromium-headless-shell': 'chromium-headless-shell fonts-dejavu-core' });
  return (await runCommand('sh', ['-c', 'command -v chromium-headless-shell'])).trim();
}
