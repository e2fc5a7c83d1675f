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
 * that would fail are only warned about at first; one that is seen ends it with `pitr-not-possible`, and everything is as it was.
 */
export async function turnGtidsOn({ host, signal }: HostContext, server: Server): Promise<void> {
  const sql = (text: string): Promise<string> => runSql(host, { server: grammar }, server, text);
  const [mode, enforced] = (await sql('select @@gtid_mode, @@enforce_gtid_consistency;')).split('\t');
  if (mode === 'ON') return;
  if (enforced !== 'ON') {
    await sql('set global enforce_gtid_consistency = WARN;');
    const since = await sql('select now(6);');
    await sleep(WATCH_MS, undefined, { signal });
    const seen = await sql(
      `select data from performance_schema.error_log where logged > '${since}' and data like '%GTID consistency%' limit 1;`,
    );
    if (seen !== '') {
      await sql(`set global enforce_gtid_consistency = ${enforced ?? 'OFF'};`);
      throw new TidemarkError(
        'pitr-not-possible',
        `GTID mode cannot be turned on, because statements are run that it forbids: ${seen.slice(0, 300)}`,
      );
    }
    await sql('set global enforce_gtid_consistency = ON;');
  }
  if (mode === 'OFF') await sql('set global gtid_mode = OFF_PERMISSIVE;');
  if (mode !== 'ON_PERMISSIVE') await sql('set global gtid_mode = ON_PERMISSIVE;');
  const until = Date.now() + ANONYMOUS_TIMEOUT_MS;
  while (
    (await sql(
      `select variable_value from performance_schema.global_status where variable_name = 'Ongoing_anonymous_transaction_count';`,
    )) !== '0'
  ) {
    if (Date.now() > until)
      throw new TidemarkError(
        'pitr-not-possible',
        'GTID mode cannot be turned on: a transaction without a GTID has been open for a minute',
      );
    await sleep(500, undefined, { signal });
  }
  await sql('set global gtid_mode = ON;');
}
