import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import type { BackupInfo } from '../info.ts';
import { listBackupInfo } from '../info.ts';
import { proveChain } from '../prove.ts';
import { installConfig, restoreConfigPath } from '../repository.ts';
import type { Server, ServerFacts } from '../server.ts';
import { findFacts, findServer } from '../server.ts';
import type { Place } from './places.ts';
import { freshOf, placesOf, findLayout, setAsideOf, writeLayout } from './places.ts';
import { readTablespaces } from './tablespaces.ts';

/** What a restore needs beyond the data itself: WAL that is replayed, and room for the running server. */
const HEADROOM = 1.1;
const HEADROOM_BYTES = 256 * 1024 * 1024;

/** Looks at everything that could stand in the way while the server still serves; writes down the places of the restore. */
export async function preflight(context: EngineContext, request: RestoreRequest): Promise<void> {
  if ((await findLayout(context, request)) !== undefined) return;
  const server = await findServer(context);
  const facts = await findFacts(context, server);
  const config = restoreConfigPath(context.database.id);
  const [place] = placesOf(server, facts);
  const fresh = place === undefined ? '' : freshOf(place);
  await context.host.run(installConfig(context, server, { path: config, dataDirectory: fresh, purpose: 'restore' }));
  const info = (await listBackupInfo(context.host, server, config)).find((entry) => entry.label === request.label);
  if (info === undefined) throw new TidemarkError('object-missing', `the repository does not list the backup ${request.label}`);
  await proveChain(context, server, config, request.chainLabels);
  const places = placesOf(server, facts);
  await refuseLayout(context, places);
  await refuseNewTablespaces(context, server, facts, info);
  await refuseSmallDisk(context, places, facts, info);
  await context.host.run(writeLayout(context, request, { server, facts, places }));
}

/** Directories are exchanged by renaming: a mount point cannot be renamed, and what an earlier restore left is not ours to judge. */
async function refuseLayout(context: EngineContext, places: readonly Place[]): Promise<void> {
  const found = await context.host.run(
    places
      .map(
        (place) => sh`live=${place.live} old=${setAsideOf(place)}
[ "$(stat -c %d "$live")" = "$(stat -c %d "$live/..")" ] || echo "$live is a mount point of its own, so that it cannot be exchanged for the restored one"
[ ! -L "$live" ] || echo "$live is a symbolic link, so that it cannot be exchanged for the restored one"
[ ! -e "$old" ] || echo "$old is left over from an earlier restore: look at it, then remove it"
`,
      )
      .join(''),
  );
  if (found.trim() !== '') throw new TidemarkError('layout-not-supported', found.trim().split('\n').join('; '));
}

/** Replaying a CREATE TABLESPACE would write into the running server's directory. */
async function refuseNewTablespaces(context: EngineContext, server: Server, facts: ServerFacts, info: BackupInfo): Promise<void> {
  if (facts.tablespaces.length === 0) return;
  const config = restoreConfigPath(context.database.id);
  const inBackup = new Set(
    (await readTablespaces(context.host, server, config, info.label)).map(({ oid, location }) => `${oid} ${location}`),
  );
  const newer = facts.tablespaces.filter(({ oid, location }) => !inBackup.has(`${oid} ${location}`));
  if (newer.length > 0) {
    throw new TidemarkError(
      'layout-not-supported',
      `the tablespace ${newer.map(({ name }) => name).join(', ')} was created after the backup ${info.label}: replaying that would write into the running server's files`,
    );
  }
}

async function refuseSmallDisk(context: EngineContext, places: readonly Place[], facts: ServerFacts, info: BackupInfo): Promise<void> {
  const inTablespaces = facts.tablespaces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const whole = Math.max(info.info.size, facts.sizeBytes);
  const needs = places.map((place) => {
    const tablespace = facts.tablespaces.find(({ oid }) => oid === place.tablespace?.oid);
    const size = tablespace?.sizeBytes ?? Math.max(0, whole - inTablespaces);
    return { path: place.live, bytes: Math.ceil(size * HEADROOM) + (tablespace === undefined ? HEADROOM_BYTES : 0) };
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
