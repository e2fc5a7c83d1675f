import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path/posix';
import { findBrokenObjects } from '#activities/streams/sealed.ts';
import { TidemarkError } from '#domain/errors.ts';
import { numberOf } from '../../binlog/next-files.ts';
import { makeHome } from '../../home.ts';
import type { Manifest } from '../../manifest.ts';
import { readChain } from '../../manifest.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import { findLayout, writeLayout } from '../../restore/places.ts';
import { refuseLayout, refuseSmallDisk } from '../../restore/room.ts';
import { refuseUnstartable } from '../../service.ts';
import type { StreamedData } from '../backup-grammar.ts';
import type { Dialect } from '../dialect.ts';
import { inspect, refuseSpreadFiles } from '../inspection.ts';
import type { Server, ServerFacts } from '../server-grammar.ts';
import { fieldOf, findFacts, findServer, runSql } from '../server.ts';
import { serviceOf } from '../service.ts';
import type { Layout } from './layout.ts';
import { readReplay } from './replay.ts';

/** What a restore needs beyond the data itself: the redo log and undo of the private server, and room for the running one. */
const HEADROOM = 1.1;
const HEADROOM_BYTES = 512 * 1024 * 1024;

/** Looks at everything that could stand in the way while the server still serves; writes down the places of the restore. */
export async function preflight(context: EngineContext, dialect: Dialect, request: RestoreRequest): Promise<void> {
  if ((await findLayout(context, request)) !== undefined) return;
  const server = await findServer(context, dialect);
  const places = [{ live: server.dataDirectory }];
  await refuseLayout(context, places);
  await refuseUnstartable(context, serviceOf(dialect, server));
  const facts = await findFacts(context, dialect, server);
  if (server.running) refuseSpreadFiles(await inspect(context, dialect, server, facts), server);
  await context.host.sweepJobs(context.database.id);
  const chain = await readChain<StreamedData>(context, request);
  refuseOther(dialect, chain, facts);
  const { records } = (await readReplay(context, dialect, request, chain)) ?? { records: [] };
  const objects = [...chain.flatMap(({ data }) => data.volumes), ...records.map(({ object }) => object)];
  const broken = await findBrokenObjects(context.repository.store, objects);
  if (broken.length > 0)
    throw new TidemarkError('object-missing', `the backup is not whole in the bucket: ${broken.slice(0, 3).join('; ')}`);
  const dataBytes = Math.max(
    facts.sizeBytes,
    chain.reduce((sum, { data }) => sum + data.unpackedBytes, 0),
  );
  const logBytes = records.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const bytes = Math.ceil((dataBytes + logBytes) * HEADROOM) + HEADROOM_BYTES;
  await refuseSmallDisk(context, [{ path: dirname(server.dataDirectory), bytes }]);
  const logNumber = await findLogNumber(context, dialect, server, facts);
  const layout: Layout = { server, facts, places, logNumber, lineage: randomUUID() };
  await context.host.run(makeHome(context.database.id) + writeLayout(context, request, layout));
}

/** A data directory of another series, or one that the server's settings do not fit, would not start. */
function refuseOther({ title }: Dialect, chain: readonly Manifest<StreamedData>[], facts: ServerFacts): void {
  const newest = chain.at(-1);
  const { serverVersion = '' } = newest?.outcome ?? {};
  if (serverVersion.split('.').slice(0, 2).join('.') !== facts.series) {
    throw new TidemarkError(
      'version-not-supported',
      `the backup is of ${title} ${serverVersion} and the server is ${facts.version}: install ${title} ${serverVersion} again, then restore`,
    );
  }
  for (const [name, value] of Object.entries(newest?.data.settings ?? {})) {
    if (facts.settings[name] === value) continue;
    throw new TidemarkError(
      'layout-not-supported',
      `the backup was taken with ${name} = ${value} and the server has ${String(facts.settings[name])}: set it as it was, then restore`,
    );
  }
}

async function findLogNumber(context: EngineContext, dialect: Dialect, server: Server, facts: ServerFacts): Promise<number> {
  if (facts.logBin === 0) return 0;
  if (!server.running) return STOPPED_SERVERS_NUMBER;
  const status = await runSql(context.host, dialect, server, dialect.server.logStatusSql, { vertical: true });
  const number = numberOf(fieldOf(status, 'File') ?? '');
  if (Number.isSafeInteger(number)) return number;
  throw new TidemarkError('internal', `the server writes a binary log without a number: ${status.slice(0, 200)}`);
}

/** Of a server that cannot be asked; its files have six digits, of which it will hardly have used up so many. */
const STOPPED_SERVERS_NUMBER = 500_000;
