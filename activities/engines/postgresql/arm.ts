import { raw, sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { EngineContext } from '../port.ts';
import { flushLogs } from './logs.ts';
import { repositoryError } from './failures.ts';
import { finishRestart, restartServer, serviceScope } from '../service.ts';
import { homeOf, removeHome } from '../home.ts';
import { rememberServer } from '../remembered.ts';
import { archiveCommand, archivePlace, installConfig, pgbackrest } from './repository.ts';
import type { Server, ServerFacts } from './server.ts';
import { findRunningServer, findServer, readFacts, runSql } from './server.ts';
import { serviceOf } from './service.ts';

/** What archive_command is while archiving has been disarmed and the server was not restarted since: an empty one would keep every segment. */
const discard = '/bin/true';

/** Turns WAL archiving into the context's generation on. archive_mode needs a restart where it was off: the only one. */
export async function arm(context: EngineContext): Promise<void> {
  const { host, database, repository } = context;
  await revive(context);
  const server = await findRunningServer(context);
  const facts = await readFacts(host, server);
  if (facts.replica) throw new TidemarkError('not-attachable', `the server of ${database.name} is a replica now; attach its primary`);
  refuseForeignArchiving(facts, database.id);
  // with archive_mode on it would not start again
  if (facts.walLevel === 'minimal')
    throw new TidemarkError('pitr-not-possible', `wal_level is minimal on ${database.name}: set it to replica, which takes a restart`);
  const path = await deploy(context, server, facts);
  await createStanza(context, server, path);
  await runSql(
    host,
    server,
    `alter system set archive_mode = 'on';
alter system set archive_command = '${archiveCommand(database.id, repository.generation)}';
alter system set archive_timeout = '60s';
select pg_reload_conf();`,
  );
  if (facts.archiveMode === 'off') await restartServer(context, serviceOf(server));
  await flushLogs(context);
}

/** Brings the context's configuration and credentials to the host, and what is known of the server; returns the configuration's path. */
export async function deploy(context: EngineContext, server: Server, facts: ServerFacts): Promise<string> {
  const place = archivePlace(context.database.id, context.repository.generation, server.dataDirectory);
  await context.host.run(installConfig(context, server, place) + rememberServer(context.database.id, server, facts));
  return place.path;
}

/** Leaves the server as it was, but for archive_mode, which stays on without effect until its next restart. */
export async function disarm(context: EngineContext): Promise<void> {
  const { host, database } = context;
  const home = homeOf(database.id);
  await revive(context);
  const server = await findRunningServer(context);
  if ((await readFacts(host, server)).archiveCommand.includes(home)) {
    await runSql(
      host,
      server,
      `alter system reset archive_mode;
alter system reset archive_timeout;
alter system set archive_command = '${discard}';
select pg_reload_conf();`,
    );
  }
  for (const scope of [database.id, serviceScope(database.id)]) await host.sweepJobs(scope);
  await host.run(sh`home=${home}
for try in 1 2 3 4 5 6 7 8 9 10; do pgrep -f -- "--config=$home/" >/dev/null || break; sleep 1; done
pkill -TERM -f -- "--config=$home/" || true
${raw(removeHome(database.id))}`);
}

/** A restart of ours that was cut off is finished first. */
async function revive(context: EngineContext): Promise<void> {
  const server = await findServer(context);
  if (!server.running) await finishRestart(context, serviceOf(server));
}

/**
 * Makes the repository where it is not there yet. Under a lock of its own: an archive-push that finds stanza-create holding the
 * common one waits for all of `archive-timeout` instead of archiving (docs/decisions/2026-11-25-stanza-create-lock.md).
 */
export async function createStanza(context: EngineContext, server: Server, path: string): Promise<void> {
  const lock = `--lock-path=${homeOf(context.database.id)}/g${context.repository.generation}-lock/stanza`;
  const output = await context.host.tryRun(`${pgbackrest(server, path, lock, 'stanza-create')} 2>&1`, { timeoutMs: 180_000 });
  if (output.exitCode !== 0) throw repositoryError(output.stdout, 'pgBackRest could not create its repository');
}

function refuseForeignArchiving(facts: ServerFacts, databaseId: string): void {
  const command = facts.archiveCommand.trim();
  const ours = command === '' || command === '(disabled)' || command === discard || command.includes(homeOf(databaseId));
  if (facts.archiveLibrary === '' && (facts.archiveMode === 'off' || ours)) return;
  const other = facts.archiveLibrary === '' ? (command.split(/\s/)[0] ?? '') : facts.archiveLibrary;
  throw new TidemarkError('archiving-in-use', `the server already archives its WAL by ${other}`);
}
