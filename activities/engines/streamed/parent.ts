import { findBrokenObjects } from '#activities/streams/sealed.ts';
import { checkLogs } from '../binlog/continuity.ts';
import type { Manifest } from '../manifest.ts';
import type { EngineContext } from '../port.ts';
import type { StreamedData } from './backup-grammar.ts';
import type { Dialect } from './dialect.ts';
import { archiveLogs } from './logs.ts';
import type { Server, ServerFacts } from './server-grammar.ts';

interface Building {
  readonly chain: readonly Manifest<StreamedData>[];
  readonly server: Server;
  readonly facts: ServerFacts;
}

/** Why an incremental on this chain could not be restored, which no tool looks at; undefined where it could. The label is named. */
export async function findLostParent(
  context: EngineContext,
  dialect: Dialect,
  { chain, server, facts }: Building,
): Promise<string | undefined> {
  const parent = chain.at(-1);
  const [full] = chain;
  if (parent === undefined || full?.outcome.kind !== 'full') return 'the chain of the parent does not begin with a full';
  const label = parent.backupId;
  for (const link of chain) {
    const [broken] = await findBrokenObjects(context.repository.store, link.data.volumes);
    if (broken !== undefined) return `the parent ${label} is incomplete in the bucket: ${broken}`;
  }
  if (parent.outcome.serverVersion !== facts.version)
    return `the server was upgraded from ${parent.outcome.serverVersion} to ${facts.version} after the parent ${label}`;
  if (parent.data.server.uuid !== facts.uuid || parent.data.server.dataDirectory !== server.dataDirectory)
    return `the parent ${label} was read from another server or data directory`;
  if (parent.data.pages !== null && facts.lsn < parent.data.pages.to)
    return `the server's data is not the one that the parent ${label} was read from: its log sequence number went back from ${parent.data.pages.to} to ${facts.lsn}`;
  return dialect.backup.incrementalsHold === 'logs' ? await findLostLog(context, dialect, { parent, server }) : undefined;
}

async function findLostLog(
  context: EngineContext,
  dialect: Dialect,
  { parent, server }: { readonly parent: Manifest<StreamedData>; readonly server: Server },
): Promise<string | undefined> {
  const { firstLog } = parent.outcome;
  if (firstLog === undefined) return `the parent ${parent.backupId} has no binary logs to go on from`;
  const mark = await archiveLogs(context, dialect, server);
  const [gap] = (await checkLogs(context, firstLog, [mark])).gaps;
  return gap === undefined ? undefined : `the binary logs after the parent ${parent.backupId} are not whole: ${gap.reason}`;
}
