import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import { judgeHealth, refuseOldServer } from '../health.ts';
import { makeHome } from '../home.ts';
import { installPackages } from '../install.ts';
import type { Health, HostContext } from '../port.ts';
import { isPrepared, rememberServer } from '../remembered.ts';
import { refuseFixed } from '../restore/room.ts';
import { refuseUnstartable } from '../service.ts';
import type { Dialect } from './dialect.ts';
import { inspect, refuseSpreadFiles } from './inspection.ts';
import type { ServerFacts } from './server-grammar.ts';
import { findRunningServer, readFacts } from './server.ts';
import { serviceOf } from './service.ts';

export async function measureHealth(context: HostContext, dialect: Dialect): Promise<Health> {
  return judgeHealth(dialect, await readFacts(context.host, dialect, await findRunningServer(context, dialect)));
}

/** Installs the tools by apt where they are missing; elsewhere they must be there. */
export async function prepare(context: HostContext, dialect: Dialect): Promise<void> {
  const server = await findRunningServer(context, dialect);
  const facts = await readFacts(context.host, dialect, server);
  refuseOldServer(dialect, facts);
  // an edit has to reach also what was attached before somebody moved its data
  if (!(await isPrepared(context))) await refuseFixed(context, [{ live: server.dataDirectory }]);
  await refuseUnstartable(context, serviceOf(dialect, server));
  refuseSpreadFiles(await inspect(context, dialect, server, facts), server);
  await installTools(context, dialect, facts);
  await context.host.run(makeHome(context.database.id) + rememberServer(context.database.id, server, facts));
}

/** Errors: `tool-missing`. */
export async function installTools(context: HostContext, dialect: Dialect, facts: ServerFacts): Promise<void> {
  const missing = await findMissing(context, dialect);
  if (missing.length > 0) {
    await installPackages(context, {
      packages: missing,
      title: missing.join(' and '),
      withoutApt: 'Tidemark installs by apt only: install it yourself',
    });
  }
  const misfit = await dialect.setUp.findMisfit(context, facts);
  if (misfit !== undefined) throw new TidemarkError('tool-missing', misfit);
}

async function findMissing(context: HostContext, { setUp }: Dialect): Promise<string[]> {
  const output = await context.host.run(
    setUp.tools.map(({ command, package: name }) => sh`command -v ${command} >/dev/null || echo ${name}`).join('\n'),
  );
  return output.split('\n').filter((name) => name !== '');
}
