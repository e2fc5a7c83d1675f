import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { EngineContext, HostContext } from '../port.ts';
import type { Place } from './places.ts';
import { setAsideOf } from './places.ts';

/** Directories are exchanged by renaming, which not every one allows. Errors: `layout-not-supported`. */
export async function refuseFixed(context: HostContext, places: readonly Place[]): Promise<void> {
  await refuse(context, places.map(({ live }) => fixedScript(live)).join(''));
}

/** As `refuseFixed`; and what an earlier restore left is not ours to judge. */
export async function refuseLayout(context: EngineContext, places: readonly Place[]): Promise<void> {
  const leftScript = (place: Place): string => sh`old=${setAsideOf(place)}
[ ! -e "$old" ] || echo "$old is left over from an earlier restore: look at it, then remove it"
`;
  await refuse(context, places.map((place) => fixedScript(place.live) + leftScript(place)).join(''));
}

async function refuse({ host }: HostContext, script: string): Promise<void> {
  const found = await host.run(script);
  if (found.trim() !== '') throw new TidemarkError('layout-not-supported', found.trim().split('\n').join('; '));
}

function fixedScript(live: string): string {
  return sh`live=${live}
[ ! -L "$live" ] || echo "$live is a symbolic link, so that it cannot be exchanged for a restored one: let the server name the directory itself"
real=$(realpath -m -- "$live") own="$live is a mount point of its own, so that it cannot be exchanged for a restored one: move the data into a directory below it, $live/data say"
told=
while read -r _ _ _ _ point _; do
  printf -v point %b "\${point//\\/\\0}" # a blank is written as \040
  case "$point" in
    "$real") told=$own ;;
    "$real"/*) echo "$point is a mount point inside $live, so that it cannot be exchanged for a restored one" ;;
  esac
done </proc/self/mountinfo
# a subvolume is in no list
[ ! -e "$real" ] || [ "$(stat -c %d "$real")" = "$(stat -c %d "$(dirname "$real")")" ] || told=$own
[ -z "$told" ] || echo "$told"
`;
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
