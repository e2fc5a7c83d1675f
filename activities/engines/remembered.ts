import { TidemarkError } from '#domain/errors.ts';
import { findKept, keep } from './home.ts';
import type { HostContext } from './port.ts';

/** What every engine's own `Server` has. */
interface SeenServer {
  readonly running: boolean;
  readonly dataDirectory: string;
}

/** What every engine's own `ServerFacts` have. */
interface SeenFacts {
  readonly version: string;
}

interface Remembered<S extends SeenServer, F extends SeenFacts> {
  readonly server: S;
  readonly facts: F;
}

const FILE = 'server.json';

/** Keeps where the instance lives and what it said of itself, so that it can be restored while it does not run. */
export function rememberServer(databaseId: string, server: SeenServer, facts: SeenFacts): string {
  const remembered: Remembered<SeenServer, SeenFacts> = { server, facts };
  return keep(databaseId, FILE, remembered);
}

/** A server that does not run, as it was last seen; undefined where none was. */
export async function findStopped<S extends SeenServer>(context: HostContext): Promise<S | undefined> {
  const remembered = await findKept<Remembered<S, SeenFacts>>(context, FILE);
  return remembered === undefined ? undefined : { ...remembered.server, running: false };
}

/** The last facts of a server that does not run. Errors: `server-down`. */
export async function getLastFacts<F extends SeenFacts>(context: HostContext): Promise<F> {
  const remembered = await findKept<Remembered<SeenServer, F>>(context, FILE);
  if (remembered !== undefined) return remembered.facts;
  throw new TidemarkError('server-down', `the server of ${context.database.name} does not run, and nothing is known of it`);
}

/** Errors: `server-down`. */
export function refuseStopped({ database }: HostContext, title: string, { running, dataDirectory }: SeenServer): void {
  if (!running) throw new TidemarkError('server-down', `the ${title} server of ${database.name} (${dataDirectory}) does not run`);
}

/** Whether a host was prepared for the database before, and the database not detached since. */
export async function isPrepared(context: HostContext): Promise<boolean> {
  return (await findKept(context, FILE)) !== undefined;
}
