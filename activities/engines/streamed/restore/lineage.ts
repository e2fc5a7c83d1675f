/** How far the numbers of binary logs jump at a restore: the old server goes on writing while the restore is prepared. */
export const NEXT_NUMBER = 1000;

/** A setting as an option of the server's. */
export function optionsOf(settings: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(settings).map(([name, value]) => `--${name.replaceAll('_', '-')}=${value}`);
}
