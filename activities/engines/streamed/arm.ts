import { dirname } from 'node:path/posix';
import { raw, sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import { findKept, homeOf, keep, removeHome } from '../home.ts';
import type { EngineContext, HostContext } from '../port.ts';
import { rememberServer } from '../remembered.ts';
import { finishRestart, restartServer, serviceScope } from '../service.ts';
import type { Dialect } from './dialect.ts';
import { removeAncestry } from './ancestry.ts';
import { archiveLogs, refuseFiltered } from './logs.ts';
import type { Server, ServerFacts } from './server-grammar.ts';
import { findFacts, findRunningServer, findServer, readFacts } from './server.ts';
import { serviceOf } from './service.ts';

/** Turns binary logging on where it is off, with the only restart, and begins to archive into the context's generation. */
export async function arm(context: EngineContext, dialect: Dialect): Promise<void> {
  const { host, database } = context;
  await revive(context, dialect);
  const server = await findRunningServer(context, dialect);
  const facts = await readFacts(host, dialect, server);
  if (facts.replica) throw new TidemarkError('not-attachable', `the server of ${database.name} is a replica now; attach its primary`);
  if (facts.logBin === 1) refuseFiltered(dialect, facts);
  refuseSpreadLogs(server, facts);
  await configure(context, dialect, facts);
  if (facts.logBin === 0) await restartServer(context, serviceOf(dialect, server));
  await dialect.setUp.armOnline(context, server, facts);
  const now = await readFacts(host, dialect, await findRunningServer(context, dialect));
  if (now.logBin === 0) {
    throw new TidemarkError(
      'pitr-not-possible',
      `${dialect.title} was restarted with ${configName(database.id)}, and still writes no binary logs`,
    );
  }
  await host.run(rememberServer(database.id, server, now) + keep(database.id, ARCHIVING, { generation: context.repository.generation }));
  await archiveLogs(context, dialect, server);
}

const ARCHIVING = 'archiving.json';

/** Whether the server's logs are archived into the context's generation. */
export async function isArmed(context: EngineContext): Promise<boolean> {
  return (await findKept<{ generation: number }>(context, ARCHIVING))?.generation === context.repository.generation;
}

/** Takes our settings and files away; what is set already stays until the server's next restart. */
export async function disarm(context: EngineContext, dialect: Dialect): Promise<void> {
  const { host, database } = context;
  const server = await revive(context, dialect);
  for (const scope of [database.id, serviceScope(database.id)]) await host.sweepJobs(scope);
  const files = dialect.server.configDirectories.map((directory) => `${directory}/${configName(database.id)}`);
  await host.run(dialect.backup.sweep({ server, facts: await findFacts(context, dialect, server) }, database.id), { timeoutMs: 600_000 });
  await host.run(sh`rm -f -- ${files}
${raw(removeAncestry(server))}${raw(removeHome(database.id))}`);
}

/** A restart of ours that was cut off is finished first. */
async function revive(context: HostContext, dialect: Dialect): Promise<Server> {
  const server = await findServer(context, dialect);
  if (server.running) return server;
  await finishRestart(context, serviceOf(dialect, server));
  return await findServer(context, dialect);
}

function refuseSpreadLogs(server: Server, facts: ServerFacts): void {
  if (facts.logBin === 0) return;
  const directory = dirname(facts.logBasename ?? '');
  if (directory === server.dataDirectory) return;
  throw new TidemarkError(
    'layout-not-supported',
    `the binary logs lie in ${directory} and not in the data directory ${server.dataDirectory}: a restore could not exchange both at once. Set log_bin to a name without a directory`,
  );
}

function configName(databaseId: string): string {
  return `zz-tidemark-${databaseId}.cnf`;
}

/** A file of ours that the server reads last, for what it is to be after every restart. */
async function configure({ host, database }: HostContext, { server, setUp, title }: Dialect, facts: ServerFacts): Promise<void> {
  const lines = [`[${setUp.configGroup}]`, ...setUp.logSettings(facts)];
  const output = await host.run(sh`for directory in ${server.configDirectories}; do
  [ -d "$directory" ] || continue
  cat > "$directory"/${configName(database.id)}.new <<'TIDEMARK'
# By Tidemark, which archives this server's binary logs (${raw(homeOf(database.id))}).
${raw(lines.join('\n'))}
TIDEMARK
  mv "$directory"/${configName(database.id)}.new "$directory"/${configName(database.id)}
  echo done; exit 0
done
`);
  if (output.trim() === 'done') return;
  throw new TidemarkError(
    'pitr-not-possible',
    `the host has no folder for ${title}'s settings (${server.configDirectories.join(', ')}): make one that my.cnf includes`,
  );
}
