import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { HostContext } from '../port.ts';
import type { Dialect } from './dialect.ts';
import type { Server, ServerFacts } from './server-grammar.ts';
import { clientCommand, clientScript, runClient } from './server.ts';

const BETWEEN = 'tidemark-between';

/** What a backup could not carry, or a restore could not exchange. */
export interface Inspection {
  /** "name reason" of a table. */
  readonly tables: readonly string[];
  /** Files outside of the data directory, and links out of it. */
  readonly spread: readonly string[];
}

/** One script asks the running server for its tables and files, and looks for links in its data directory. */
export async function inspect(context: HostContext, dialect: Dialect, server: Server, facts: ServerFacts): Promise<Inspection> {
  const client = clientCommand(dialect, server.socket);
  const sql = `${dialect.backup.unsupportedSql}\nselect '${BETWEEN}';\n${dialect.server.filesSql}`;
  const script = `${clientScript(client, sql)}echo ${BETWEEN}
${sh`find ${server.dataDirectory} -mindepth 1 -maxdepth 2 -type l -printf '%p -> %l (%Y)\n'`}`;
  const [tables = [], files = [], links = []] = (await runClient(context.host, dialect, script))
    .split(`${BETWEEN}\n`)
    .map((part) => part.split('\n').filter((line) => line !== ''));
  const isOutside = (path: string | null): path is string =>
    path !== null && path.startsWith('/') && !`${path}/`.startsWith(`${server.dataDirectory}/`);
  return {
    tables: tables.map((row) => row.split('\t').join(' ')),
    spread: [...[...facts.directories, ...files].filter(isOutside), ...links.filter((link) => isData(link, server.dataDirectory))],
  };
}

/** A link on top to a file that is not InnoDB's (a certificate, say) goes over as it is. */
function isData(link: string, dataDirectory: string): boolean {
  const path = link.slice(dataDirectory.length + 1, link.indexOf(' -> '));
  return link.endsWith('(d)') || path.includes('/') || /^(?:ib|undo|aria)/.test(path);
}

/** Directories are exchanged as a whole, so everything has to lie in the data directory. */
export function refuseSpreadFiles({ spread }: Inspection, server: Server): void {
  if (spread.length === 0) return;
  throw new TidemarkError(
    'layout-not-supported',
    `files of the server lie outside its data directory ${server.dataDirectory}: ${firstOf(spread, 5)}`,
  );
}

export function refuseTables({ tables }: Inspection): void {
  if (tables.length > 0) throw new TidemarkError('tables-not-supported', `a backup could not carry these tables: ${firstOf(tables, 10)}`);
}

function firstOf(names: readonly string[], count: number): string {
  return names.slice(0, count).join(', ') + (names.length > count ? ` and ${names.length - count} more` : '');
}
