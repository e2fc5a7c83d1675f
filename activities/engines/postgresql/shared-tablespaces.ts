import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { HostContext } from '../port.ts';
import { markerFile } from '../restore/places.ts';

/**
 * A tablespace's directory is exchanged whole by a restore: what another server keeps there, as an upgrade leaves it, would go with the
 * former data. Errors: `layout-not-supported`.
 */
export async function refuseShared({ host }: HostContext, locations: readonly string[], majorVersion: number): Promise<void> {
  if (locations.length === 0) return;
  // one whose disk was lost is brought back
  const output = await host.run(sh`for directory in ${locations}; do
  [ ! -d "$directory" ] || find "$directory" -mindepth 1 -maxdepth 1 ! -name ${`PG_${majorVersion}_*`} ! -name ${markerFile}
done`);
  const shared = output.trim().split('\n');
  if (shared[0] === '') return;
  const named = shared.slice(0, 5).join(', ') + (shared.length > 5 ? ` and ${shared.length - 5} more` : '');
  throw new TidemarkError(
    'layout-not-supported',
    `the directory of a tablespace holds what is not this server's: ${named}. A restore exchanges the directory whole, so move that away first`,
  );
}
