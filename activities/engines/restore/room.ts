import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { EngineContext } from '../port.ts';
import type { Place } from './places.ts';
import { setAsideOf } from './places.ts';

/** Directories are exchanged by renaming: a mount point cannot be renamed, and what an earlier restore left is not ours to judge. */
export async function refuseLayout(context: EngineContext, places: readonly Place[]): Promise<void> {
  const found = await context.host.run(
    places
      .map(
        (place) => sh`live=${place.live} old=${setAsideOf(place)}
[ ! -e "$live" ] || [ "$(stat -c %d "$live")" = "$(stat -c %d "$(dirname "$live")")" ] || echo "$live is a mount point of its own, so that it cannot be exchanged for the restored one"
[ ! -L "$live" ] || echo "$live is a symbolic link, so that it cannot be exchanged for the restored one"
[ ! -e "$old" ] || echo "$old is left over from an earlier restore: look at it, then remove it"
`,
      )
      .join(''),
  );
  if (found.trim() !== '') throw new TidemarkError('layout-not-supported', found.trim().split('\n').join('; '));
}

/** So many bytes are needed in the filesystem that holds `path`. */
export interface Need {
  readonly path: string;
  readonly bytes: number;
}

/** Throws `disk-too-small`, with the numbers; needs in one filesystem add up. */
export async function refuseSmallDisk(context: EngineContext, needs: readonly Need[]): Promise<void> {
  const output = await context.host.run(needs.map(({ path }) => sh`df -B1 --output=target,avail -- ${path} | tail -n 1`).join('\n'));
  const disks = new Map<string, { free: number; needed: number }>();
  output
    .trim()
    .split('\n')
    .forEach((line, index) => {
      const [, target = '', avail = '0'] = /^(\S+)\s+(\d+)$/.exec(line.trim()) ?? [];
      const needed = (disks.get(target)?.needed ?? 0) + (needs[index]?.bytes ?? 0);
      disks.set(target, { free: Number(avail), needed });
    });
  for (const [target, { free, needed }] of disks) {
    if (free < needed) {
      throw new TidemarkError(
        'disk-too-small',
        `the restore needs ${needed} bytes (${gib(needed)}) beside the running database on ${target} of the host, and ${free} bytes (${gib(free)}) are free`,
      );
    }
  }
}

function gib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(2)} GiB`;
}
