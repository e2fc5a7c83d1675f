import type { Host } from '#activities/hosts/port.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { HostContext, ReplicaSource } from '../port.ts';
import type { Dialect } from './dialect.ts';
import { installTools } from './prepare.ts';
import type { Ask } from './replica-grammar.ts';
import type { Server, ServerFacts } from './server-grammar.ts';
import { fieldOf, findRunningServer, readFacts, runSql } from './server.ts';

/** The server whose data is read: the primary itself, or a replica in its place. */
export interface Source {
  readonly context: HostContext;
  readonly server: Server;
  readonly facts: ServerFacts;
  /** The primary's binary log before which the copy of a replica lacks nothing; undefined where the primary itself is read. */
  readonly from: string | undefined;
}

interface Primary {
  readonly server: Server;
  readonly facts: ServerFacts;
}

/**
 * Makes sure that the replica has everything that its primary had when it was asked, and nothing else. What it is read for is
 * consistent with the primary's binary logs from the returned file on. Errors: `replica-not-usable`, and those of any server.
 */
export async function followReplica(
  context: HostContext,
  dialect: Dialect,
  primary: Primary,
  { context: replica, catchUpSeconds }: ReplicaSource,
): Promise<Source> {
  const server = await findRunningServer(replica, dialect);
  const facts = await readFacts(replica.host, dialect, server);
  await refuseMisfit(replica, dialect, { server, facts }, primary.facts);
  await installTools(replica, dialect, facts);
  // before the transactions are asked for: what is in an earlier file, they hold
  const from = await currentLog(context, dialect, primary);
  const onReplica = ask(replica.host, dialect, server, (catchUpSeconds + 30) * 1000);
  const onPrimary = ask(context.host, dialect, primary.server);
  const executed = (await onPrimary(dialect.replica.executedSql)).replaceAll('\n', '');
  if ((await onReplica(dialect.replica.waitSql(executed, catchUpSeconds))) !== '0')
    throw refusal(replica, `it did not catch up with its primary within ${catchUpSeconds} s`);
  const own = await dialect.replica.findForeign(onReplica, onPrimary);
  if (own !== '') throw refusal(replica, `it has transactions that its primary does not have (${own.slice(0, 200)})`);
  return { context: replica, server, facts, from };
}

async function refuseMisfit(replica: HostContext, dialect: Dialect, own: Primary, primary: ServerFacts): Promise<void> {
  const { facts, server } = own;
  if (!facts.replica) throw refusal(replica, 'its server is not a replica any more');
  if (facts.version !== primary.version) throw refusal(replica, `it runs ${facts.version}, and its primary ${primary.version}`);
  if (facts.readOnly === 0) throw refusal(replica, 'it takes writes of its own (read_only is off)');
  for (const [name, value] of Object.entries(primary.settings)) {
    if (facts.settings[name] !== value)
      throw refusal(replica, `its ${name} is ${String(facts.settings[name])}, and its primary's ${String(value)}`);
  }
  const status = await runSql(replica.host, dialect, server, dialect.server.replicaSql, { vertical: true });
  const misfit = findCommonMisfit(status) ?? dialect.replica.findMisfit(status);
  if (misfit !== undefined) throw refusal(replica, misfit);
}

/** The error of the thread that applies may quote rows: its number is told alone. */
function findCommonMisfit(status: string): string | undefined {
  const read = (name: string): string => fieldOf(status, name)?.trim() ?? '';
  if ((status.match(/^ *(?:Master|Source)_Host:/gm) ?? []).length > 1) return 'it follows several servers';
  const filter = /^ *(Replicate_(?!Ignore_Server_Ids)\w+): *(\S.*)$/m.exec(status);
  if (filter !== null) return `it leaves data out (${filter[1]}: ${filter[2]})`;
  if (read('(?:Slave|Replica)_SQL_Running') !== 'Yes') return `it does not apply what it receives (error ${read('Last_SQL_Errno')})`;
  if (read('(?:Slave|Replica)_IO_Running') !== 'Yes')
    return `it does not follow its primary (error ${read('Last_IO_Errno')}: ${read('Last_IO_Error').slice(0, 300)})`;
  return undefined;
}

async function currentLog({ host }: HostContext, dialect: Dialect, { server }: Primary): Promise<string> {
  const status = await runSql(host, dialect, server, dialect.server.logStatusSql, { vertical: true });
  const file = fieldOf(status, 'File');
  if (file === undefined) throw new TidemarkError('replica-not-usable', 'its primary writes no binary logs');
  return file;
}

function ask(host: Host, dialect: Dialect, server: Server, timeoutMs?: number): Ask {
  return (sql) => runSql(host, dialect, server, sql, timeoutMs === undefined ? {} : { timeoutMs });
}

function refusal({ database }: HostContext, why: string): TidemarkError {
  return new TidemarkError('replica-not-usable', `the replica ${database.name} cannot be read: ${why}`);
}
