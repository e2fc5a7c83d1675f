import { dirname } from 'node:path/posix';
import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import { homeOf } from '../../home.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import { findLayout, freshOf, writeLayout } from '../../restore/places.ts';
import type { Need } from '../../restore/room.ts';
import { refuseLayout, refuseSmallDisk } from '../../restore/room.ts';
import { refuseUnstartable } from '../../service.ts';
import type { BackupInfo } from '../info.ts';
import { listBackupInfo } from '../info.ts';
import { proveChain } from '../prove.ts';
import { refuseShared } from '../shared-tablespaces.ts';
import { installConfig, restoreConfigPath } from '../repository.ts';
import type { Server } from '../server.ts';
import { findFacts, findServer } from '../server.ts';
import { serviceOf } from '../service.ts';
import type { Layout, TablespacePlace } from './layout.ts';
import { readTablespaces } from './tablespaces.ts';

/** What a restore needs beyond the data itself: WAL that is replayed, and room for the running server. */
const HEADROOM = 1.1;
const HEADROOM_BYTES = 256 * 1024 * 1024;

/** Looks at everything that could stand in the way while the server still serves; writes down the places of the restore. */
export async function preflight(context: EngineContext, request: RestoreRequest): Promise<void> {
  if ((await findLayout(context, request)) !== undefined) return;
  const server = await findServer(context);
  await refuseUnstartable(context, serviceOf(server));
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
  await refuseShared(
    context,
    tablespaces.map(({ location }) => location),
    facts.majorVersion,
  );
  await refuseSmallDisk(context, needsOf(places, { sizeBytes: Math.max(info.info.size, facts.sizeBytes), tablespaces }));
  const layout: Layout = { server, facts, places, backedUpAt: info.timestamp.stop };
  await context.host.run(writeLayout(context, request, layout));
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

/** The data directory and its tablespaces may lie on different disks. */
function needsOf(
  places: readonly TablespacePlace[],
  whole: { readonly sizeBytes: number; readonly tablespaces: readonly LiveTablespace[] },
): Need[] {
  const inTablespaces = whole.tablespaces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return places.map((place) => {
    const tablespace = whole.tablespaces.find(({ oid }) => oid === place.tablespace?.oid);
    const size = tablespace?.sizeBytes ?? Math.max(0, whole.sizeBytes - inTablespaces);
    return { path: dirname(place.live), bytes: Math.ceil(size * HEADROOM) + (tablespace === undefined ? HEADROOM_BYTES : 0) };
  });
}
