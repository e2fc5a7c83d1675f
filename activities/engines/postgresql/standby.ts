import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '#domain/errors.ts';
import { homeOf, removeHome } from '../home.ts';
import type { EngineContext, HostContext, ReplicaSource } from '../port.ts';
import { type BridgeEnd, bridgePath, installBridge, withBridge } from './bridge.ts';
import { installTool } from './prepare.ts';
import { type ConfigPlace, installConfig } from './repository.ts';
import type { ServerFacts } from './server.ts';
import { findRunningServer, readFacts, runSql } from './server.ts';

/** pgBackRest on a standby, with its primary in reach. */
type Primary = BridgeEnd & { readonly context: EngineContext; readonly facts: ServerFacts };

/**
 * Lets `work` run pgBackRest on the standby, once that has everything that its primary had when it was asked. Its credentials are on
 * the standby for that time only. Errors: `replica-not-usable`, and those of any server.
 */
export async function withStandby<T>(primary: Primary, source: ReplicaSource, work: (standby: BridgeEnd) => Promise<T>): Promise<T> {
  const { context } = source;
  try {
    const server = await findRunningServer(context);
    await refuseMisfit(primary, context, await readFacts(context.host, server));
    await catchUp(primary, { context, server }, source.catchUpSeconds);
    const place = placeOf(primary, { context, dataDirectory: server.dataDirectory });
    const standby: BridgeEnd = { context, server, config: place.path };
    await context.host.run(installConfig(primary.context, server, place) + installBridge(context.database.id, server));
    return await withBridge(standby, primary, () => work(standby));
  } finally {
    // also what an attempt whose worker died has left
    await context.host.run(removeHome(context.database.id));
  }
}

async function refuseMisfit(primary: Primary, standby: HostContext, facts: ServerFacts): Promise<void> {
  if (!facts.replica) throw refusal(standby, 'its server is not a replica any more');
  if (facts.version !== primary.facts.version) throw refusal(standby, `it runs ${facts.version}, and its primary ${primary.facts.version}`);
  const [tool, primaryTool] = [await installTool(standby, facts), await installTool(primary.context, primary.facts)];
  if (tool !== primaryTool) throw refusal(standby, `it has pgBackRest ${tool}, and its primary ${primaryTool}`);
}

export const standbyName = 'standby';

function placeOf({ server, context }: Primary, standby: { readonly context: HostContext; readonly dataDirectory: string }): ConfigPlace {
  const { id } = standby.context.database;
  return {
    path: `${homeOf(id)}/${standbyName}.conf`,
    dataDirectory: standby.dataDirectory,
    name: standbyName,
    standby: {
      databaseId: id,
      global: ['backup-standby=y', `cmd-ssh=${bridgePath(id)}`],
      stanza: [
        'pg2-host=primary',
        `pg2-host-user=${server.owner}`,
        `pg2-path=${server.dataDirectory}`,
        `pg2-port=${context.database.port}`,
        `pg2-socket-path=${server.socketDirectory}`,
      ],
    },
  };
}

/** It has to stream from a server of the same system on the same timeline, and to replay what the primary has written by now. */
async function catchUp(primary: Primary, standby: Pick<BridgeEnd, 'context' | 'server'>, seconds: number): Promise<void> {
  const { host } = standby.context;
  const asked = `select system_identifier, (select timeline_id from pg_control_checkpoint()), pg_current_wal_lsn() from pg_control_system();`;
  const [system, timeline, position] = (await runSql(primary.context.host, primary.server, asked)).split('|');
  const streams = `select (select system_identifier from pg_control_system()), coalesce(max(received_tli)::text, ''), coalesce(max(status), 'none') from pg_stat_wal_receiver;`;
  const [ownSystem, ownTimeline, status] = (await runSql(host, standby.server, streams)).split('|');
  if (ownSystem !== system) throw refusal(standby.context, 'its data is of another server than its primary');
  if (status !== 'streaming') throw refusal(standby.context, `it does not stream from its primary (${status})`);
  if (ownTimeline !== timeline) throw refusal(standby.context, `it is on timeline ${ownTimeline}, and its primary on ${timeline}`);
  const until = Date.now() + seconds * 1000;
  while ((await runSql(host, standby.server, `select pg_last_wal_replay_lsn() >= '${position}'::pg_lsn;`)) !== 't') {
    if (Date.now() > until) throw refusal(standby.context, `it did not catch up with its primary within ${seconds} s`);
    await sleep(500, undefined, { signal: standby.context.signal });
  }
}

function refusal({ database }: HostContext, why: string): TidemarkError {
  return new TidemarkError('replica-not-usable', `the replica ${database.name} cannot be read: ${why}`);
}
