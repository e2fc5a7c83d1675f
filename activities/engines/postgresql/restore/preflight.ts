import { dirname } from 'node:path/posix';
import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import type { BackupInfo } from '../info.ts';
import { listBackupInfo } from '../info.ts';
import { proveChain } from '../prove.ts';
import { homeOf, installConfig, restoreConfigPath } from '../repository.ts';
import type { Server } from '../server.ts';
import { findFacts, findServer } from '../server.ts';
import { refuseUnstartable } from '../service.ts';
import type { Place } from './places.ts';
import { findLayout, freshOf, setAsideOf, writeLayout } from './places.ts';
import { readTablespaces } from './tablespaces.ts';

/** What a restore needs beyond the data itself: WAL that is replayed, and room for the running server. */
const HEADROOM = 1.1;
const HEADROOM_BYTES = 256 * 1024 * 1024;

/** Looks at everything that could stand in the way while the server still serves; writes down the places of the restore. */
export async function preflight(context: EngineContext, request: RestoreRequest): Promise<void> {
  if ((await findLayout(context, request)) !== undefined) return;
  const server = await findServer(context);
  await refuseUnstartable(context, server);
  const facts = await findFacts(context, server);
  const config = restoreConfigPath(context.database.id);
  const data = { live: server.dataDirectory };
  const home = homeOf(context.database.id);
  await context.host.sweepJobs(context.database.id);
  await context.host.run(
    sh`rm -rf -- ${home}/restore-lock ${home}/restore-spool
` + installConfig(context, server, { path: config, dataDirectory: freshOf(data), name: 'restore' }),
  );
  const info = (await listBackupInfo(context.host, server, config)).find((entry) => entry.label === request.label);
  if (info === undefined) throw new TidemarkError('object-missing', `the repository does not list the backup ${request.label}`);
  await proveChain(context, server, config, request.chainLabels);
  const tablespaces = await findTablespaces(context, server, info);
  const places = [data, ...tablespaces.map(({ oid, location }) => ({ live: location, tablespace: { oid } }))];
  await refuseLayout(context, places);
  await refuseSmallDisk(context, places, { sizeBytes: Math.max(info.info.size, facts.sizeBytes), tablespaces });
  await context.host.run(writeLayout(context, request, { server, facts, places }));
}

interface LiveTablespace {
  readonly oid: number;
  readonly location: string;
  readonly sizeBytes: number;
}

/**
 * The tablespaces as the live data directory links them, whether its server runs or not. One that the backup does not
 * hold was created later: replaying its CREATE TABLESPACE would write into the live server's files.
 */
async function findTablespaces(context: EngineContext, server: Server, info: BackupInfo): Promise<LiveTablespace[]> {
  const output = await context.host.run(
    sh`for link in ${server.dataDirectory}/pg_tblspc/*; do
  [ -L "$link" ] || continue
  target=$(readlink -- "$link")
  printf '%s\t%s\t%s\n' "$(basename -- "$link")" "$(du -sb -- "$target" | cut -f 1)" "$target"
done`,
    { timeoutMs: 1_800_000 },
  );
  const live = output.split('\n').flatMap((line) => {
    const [oid = '', sizeBytes = '', location = ''] = line.split('\t');
    return line === '' ? [] : [{ oid: Number(oid), sizeBytes: Number(sizeBytes), location }];
  });
  if (live.length === 0) return live;
  const held = await readTablespaces(context.host, server, restoreConfigPath(context.database.id), info.label);
  const newer = live.filter(({ oid, location }) => !held.some((other) => other.oid === oid && other.location === location));
  if (newer.length === 0) return live;
  throw new TidemarkError(
    'layout-not-supported',
    `the tablespace in ${newer.map(({ location }) => location).join(', ')} was created after the backup ${info.label}: replaying that would write into the live server's files`,
  );
}

/** Directories are exchanged by renaming: a mount point cannot be renamed, and what an earlier restore left is not ours to judge. */
async function refuseLayout(context: EngineContext, places: readonly Place[]): Promise<void> {
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

async function refuseSmallDisk(
  context: EngineContext,
  places: readonly Place[],
  whole: { readonly sizeBytes: number; readonly tablespaces: readonly LiveTablespace[] },
): Promise<void> {
  const inTablespaces = whole.tablespaces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const needs = places.map((place) => {
    const tablespace = whole.tablespaces.find(({ oid }) => oid === place.tablespace?.oid);
    const size = tablespace?.sizeBytes ?? Math.max(0, whole.sizeBytes - inTablespaces);
    return { path: dirname(place.live), bytes: Math.ceil(size * HEADROOM) + (tablespace === undefined ? HEADROOM_BYTES : 0) };
  });
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
