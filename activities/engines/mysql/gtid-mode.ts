import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '#domain/errors.ts';
import type { HostContext } from '../port.ts';
import { runSql } from '../streamed/server.ts';
import type { Server } from '../streamed/server-grammar.ts';
import { server as grammar } from './server.ts';

/** How long statements are watched before they are forbidden what GTIDs cannot carry. */
const WATCH_MS = 10_000;
const ANONYMOUS_TIMEOUT_MS = 60_000;

/**
 * Turns GTID mode on while the server serves, in the order of MySQL's manual ("Enabling GTID Transactions Online"). Statements
 * that would fail are only warned about at first. A replica that follows by log positions may not know GTIDs and would stop, so it
 * is refused. Whatever ends it, everything is as it was. Errors: `pitr-not-possible`.
 */
export async function turnGtidsOn({ host, signal }: HostContext, server: Server): Promise<void> {
  const sql: Sql = (text) => runSql(host, { server: grammar }, server, text);
  const [mode = '', enforced = ''] = (await sql('select @@gtid_mode, @@enforce_gtid_consistency;')).split('\t');
  if (mode === 'ON') return;
  await refuseReplicas(sql);
  try {
    if (enforced !== 'ON') await enforceConsistency(sql, signal);
    await step(sql, modes.slice(modes.indexOf(mode) + 1, -1));
    await waitForAnonymous(sql, signal);
    await step(sql, ['ON']);
  } catch (error) {
    const reached = await sql('select @@gtid_mode;');
    await step(sql, modes.slice(modes.indexOf(mode), modes.indexOf(reached)).toReversed());
    await sql(`set global enforce_gtid_consistency = ${enforced};`);
    throw error;
  }
}

type Sql = (text: string) => Promise<string>;

const modes = ['OFF', 'OFF_PERMISSIVE', 'ON_PERMISSIVE', 'ON'];

/** The server takes one step at a time. */
async function step(sql: Sql, through: readonly string[]): Promise<void> {
  for (const mode of through) await sql(`set global gtid_mode = ${mode};`);
}

async function refuseReplicas(sql: Sql): Promise<void> {
  const followers = (
    await sql(`select distinct substring_index(host, ':', 1) from performance_schema.processlist where command = 'Binlog Dump';`)
  )
    .split('\n')
    .filter((host) => host !== '');
  if (followers.length === 0) return;
  throw new TidemarkError(
    'pitr-not-possible',
    `GTID mode cannot be turned on, because replicas follow by log positions and could stop (${followers.join(', ')}): turn it on there and here as MySQL's manual says, then attach again`,
  );
}

async function enforceConsistency(sql: Sql, signal: AbortSignal | undefined): Promise<void> {
  await sql('set global enforce_gtid_consistency = WARN;');
  const since = await sql('select now(6);');
  await sleep(WATCH_MS, undefined, { signal });
  const seen = await sql(
    `select data from performance_schema.error_log where logged > '${since}' and data like '%GTID consistency%' limit 1;`,
  );
  if (seen !== '') {
    throw new TidemarkError(
      'pitr-not-possible',
      `GTID mode cannot be turned on, because statements are run that it forbids: ${seen.slice(0, 300)}`,
    );
  }
  await sql('set global enforce_gtid_consistency = ON;');
}

async function waitForAnonymous(sql: Sql, signal: AbortSignal | undefined): Promise<void> {
  const until = Date.now() + ANONYMOUS_TIMEOUT_MS;
  const count = `select variable_value from performance_schema.global_status where variable_name = 'Ongoing_anonymous_transaction_count';`;
  while ((await sql(count)) !== '0') {
    if (Date.now() > until)
      throw new TidemarkError(
        'pitr-not-possible',
        'GTID mode cannot be turned on: a transaction without a GTID has been open for a minute',
      );
    await sleep(500, undefined, { signal });
  }
}
