import { TidemarkError } from '#domain/errors.ts';
import { judgeHealth, refuseOldServer } from '../health.ts';
import { makeHome } from '../home.ts';
import { installPackages } from '../install.ts';
import type { Health, HostContext } from '../port.ts';
import { isPrepared, rememberServer } from '../remembered.ts';
import { refuseFixed } from '../restore/room.ts';
import { refuseUnstartable } from '../service.ts';
import { compareVersions } from '../versions.ts';
import type { Server, ServerFacts } from './server.ts';
import { serviceOf } from './service.ts';
import { findRunningServer, readFacts, runSql } from './server.ts';
import { refuseShared } from './shared-tablespaces.ts';
import { traits } from './traits.ts';

/** Block-level incrementals need pgBackRest 2.46; newer servers need the release that learned to know them. */
const oldestTool: readonly { readonly server: number; readonly tool: string }[] = [
  { server: 18, tool: '2.57' },
  { server: 17, tool: '2.53.1' },
  { server: 0, tool: '2.46' },
];

export async function measureHealth(context: HostContext): Promise<Health> {
  return judgeHealth(traits, await readFacts(context.host, await findRunningServer(context)));
}

/** Installs pgBackRest by apt where it is missing; elsewhere it must be there. */
export async function prepare(context: HostContext): Promise<void> {
  const server = await findRunningServer(context);
  const facts = await readFacts(context.host, server);
  refuseOldServer(traits, facts);
  await refuseUnstartable(context, serviceOf(server));
  // an edit has to reach also what was attached before somebody moved its data
  if (!(await isPrepared(context))) {
    const tablespaces = await listTablespaces(context, server);
    const places = [server.dataDirectory, ...tablespaces].map((live) => ({ live }));
    await refuseFixed(context, places);
    await refuseShared(context, tablespaces, facts.majorVersion);
  }
  await installTool(context, facts);
  await context.host.run(makeHome(context.database.id) + rememberServer(context.database.id, server, facts));
}

async function listTablespaces({ host }: HostContext, server: Server): Promise<string[]> {
  const tablespaces = await runSql(host, server, `select pg_tablespace_location(oid) from pg_tablespace`);
  return tablespaces.split('\n').filter((path) => path.startsWith('/'));
}

/** Returns the version of pgBackRest on the host. Errors: `tool-missing`. */
export async function installTool(context: HostContext, facts: ServerFacts): Promise<string> {
  if ((await toolVersion(context)) === undefined) {
    await installPackages(context, {
      packages: ['pgbackrest', 'ca-certificates'],
      title: 'pgBackRest',
      withoutApt: 'Tidemark installs it by apt only: install the package pgbackrest',
    });
  }
  const version = await toolVersion(context);
  const needed = oldestTool.find((entry) => facts.majorVersion >= entry.server)?.tool ?? '2.46';
  if (version === undefined || compareVersions(version, needed) < 0) {
    throw new TidemarkError(
      'tool-missing',
      `PostgreSQL ${facts.version} needs pgBackRest ${needed} or newer on the host; found ${version ?? 'none'}`,
    );
  }
  return version;
}

async function toolVersion(context: HostContext): Promise<string | undefined> {
  const output = await context.host.tryRun('pgbackrest version');
  return /pgBackRest (\d[\d.]*)/.exec(output.stdout)?.[1];
}
