import { sh } from '#activities/hosts/script.ts';
import type { HostContext } from '../port.ts';
import type { Server } from './server-grammar.ts';

interface DataOnHost {
  readonly context: HostContext;
  readonly server: Server;
}

/** Hidden, so that no server takes it for a database, and no tool of theirs copies it. */
export const ancestryFile = '.tidemark-ancestry';

/** So many labels are kept: a parent is the newest backup, or one before those that failed since. */
const KEPT = 100;

/**
 * Writes down in the data directory that a backup was read from it. The file goes where the data goes: back with a snapshot that is
 * rolled back, away with a directory that is built anew. Where it cannot be written, the next backup is a full.
 */
export async function noteBackup({ context, server }: DataOnHost, label: string): Promise<void> {
  const write = `umask 077; new=$(mktemp -- "$1.XXXXXX"); trap 'rm -f -- "$new"' EXIT
{ tail -n ${KEPT - 1} -- "$1" 2>/dev/null || true; echo "$2"; } > "$new"; sync -- "$new"; mv -T -- "$new" "$1"; sync -- "$(dirname -- "$1")"`;
  const script = asOwner(server, 'bash', '-euc', write.replaceAll('\n', '; '), 'bash', ancestryPath(server), label);
  // the backup itself is whole
  await context.host.tryRun(script).catch(() => undefined);
}

/** Why an incremental cannot build on this backup's pages; undefined where the data is what that backup was read from, and went on. */
export async function findStrayData({ context, server }: DataOnHost, label: string): Promise<string | undefined> {
  const { stdout } = await context.host.tryRun(asOwner(server, 'cat', '--', ancestryPath(server)));
  if (stdout.split('\n').includes(label)) return undefined;
  if (stdout === '') return `nothing in ${server.dataDirectory} tells that the parent ${label} was read from it`;
  return `the data in ${server.dataDirectory} is not what the parent ${label} was read from: it was put back or built anew since`;
}

/** A script that takes the file away. */
export function removeAncestry(server: Server): string {
  return sh`rm -f -- ${ancestryPath(server)}*
`;
}

/** Whoever owns the directory may have put a link in the file's place: nobody's rights but theirs are used there. */
function asOwner({ owner }: Server, ...command: readonly string[]): string {
  return sh`cd / && runuser -u ${owner} -- ${command}`;
}

function ancestryPath({ dataDirectory }: Server): string {
  return `${dataDirectory}/${ancestryFile}`;
}
