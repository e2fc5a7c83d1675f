import { pipeline } from 'node:stream/promises';
import { raw, sh } from '#activities/hosts/script.ts';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import { homeOf } from '../home.ts';
import type { HostContext } from '../port.ts';
import { pgbackrest } from './repository.ts';
import type { Server } from './server.ts';

/** One of the two servers between which pgBackRest speaks, and the configuration that it has there. */
export interface BridgeEnd {
  readonly context: HostContext;
  readonly server: Server;
  readonly config: string;
}

/** What pgBackRest on the standby runs in the place of ssh. */
export function bridgePath(databaseId: string): string {
  return `${homeOf(databaseId)}/bridge`;
}

function folderOf(databaseId: string): string {
  return `${homeOf(databaseId)}/bridge.d`;
}

/**
 * The bridge's end on the standby: a program that stands in for ssh. Each call of it makes two pipes, which only the server's owner
 * can open, and asks the worker to connect them.
 */
export function installBridge(databaseId: string, { owner, group }: Server): string {
  return sh`folder=${folderOf(databaseId)}
rm -rf -- "$folder"
install -d -m 0700 -o ${owner} -g ${group} "$folder"
(umask 077; mkfifo "$folder"/requests)
chown ${owner}:${group} "$folder"/requests
cat > ${bridgePath(databaseId)} <<'TIDEMARK'
#!/bin/bash
set -eu
pipes=$(mktemp -d ${raw(folderOf(databaseId))}/c-XXXXXXXX)
mkfifo -m 0600 "$pipes"/in "$pipes"/out
printf '%s %s\n' "\${pipes##*/}" "\${!#}" > ${raw(folderOf(databaseId))}/requests
exec 3<&0
cat "$pipes"/in &
cat <&3 > "$pipes"/out &
wait -n || true
kill $(jobs -p) 2>/dev/null || true
TIDEMARK
chmod 0755 ${bridgePath(databaseId)}
`;
}

/**
 * Lets pgBackRest on the standby speak with pgBackRest on the primary for the time of `work`, through the worker's own links: the hosts
 * need not reach each other, and nothing listens anywhere.
 */
export async function withBridge<T>(standby: BridgeEnd, primary: BridgeEnd, work: () => Promise<T>): Promise<T> {
  const { host, database, signal } = standby.context;
  const requests = await host.readStream(
    sh`exec 3<>${folderOf(database.id)}/requests
cat <&3
`,
    { scope: database.id, id: 'bridge', signal },
  );
  const failures: unknown[] = [];
  const connections: Promise<void>[] = [];
  const note = (error: unknown): void => void failures.push(error);
  const serving = (async () => {
    for await (const line of linesOf(requests.stdout)) connections.push(connect(standby, primary, line).catch(note));
  })().catch(note); // also when it is ended below, which nobody asks for any more
  try {
    return await work();
  } catch (error) {
    if (failures.length === 0 || !(error instanceof TidemarkError)) throw error;
    throw new TidemarkError(error.code, `${error.message}; the connection to the primary failed: ${messageOf(failures[0])}`, {
      cause: error,
    });
  } finally {
    requests.stdout.destroy();
    await serving;
    await Promise.all(connections);
  }
}

async function* linesOf(source: AsyncIterable<unknown>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of source) {
    const lines = `${rest}${String(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

async function connect(standby: BridgeEnd, primary: BridgeEnd, request: string): Promise<void> {
  const [, name, command] = /^(c-\w+) (.*)$/.exec(request) ?? [];
  if (name === undefined || command === undefined)
    throw new TidemarkError('internal', `the bridge was asked for "${request.slice(0, 100)}"`);
  const remote = remoteCommand(primary, command);
  const far = await primary.context.host.converse(remote, {
    scope: primary.context.database.id,
    id: `bridge-${name}`,
    signal: primary.context.signal,
  });
  const near = await standby.context.host.converse(nearScript(standby.context.database.id, name), {
    scope: standby.context.database.id,
    id: name,
    signal: standby.context.signal,
  });
  // whichever ends first ends the other; how the backup went is told by its own exit code
  await Promise.allSettled([pipeline(near.output, far.input), pipeline(far.output, near.input)]);
  near.output.destroy();
  far.output.destroy();
}

/** It ends when pgBackRest on the standby does; its input is what the primary says. */
function nearScript(databaseId: string, name: string): string {
  return sh`cd -- ${folderOf(databaseId)}/${name}
exec 3<&0
cat <&3 > in &
cat out
`;
}

/** Only this command is run for the standby, whatever it asks for. */
export function remoteCommand({ server, config }: BridgeEnd, asked: string): string {
  const option = (name: string, value: RegExp): string => {
    const found = new RegExp(`(?<= )--${name}=(${value.source})(?= )`).exec(asked)?.[1];
    if (found === undefined)
      throw new TidemarkError('internal', `pgBackRest on the standby asked for what is not known: ${asked.slice(0, 300)}`);
    return `--${name}=${found}`;
  };
  if (!asked.endsWith(' backup:remote')) throw new TidemarkError('internal', `pgBackRest on the standby asked for ${asked.slice(0, 300)}`);
  return pgbackrest(
    server,
    config,
    '--log-level-console=off',
    '--log-level-stderr=error',
    '--remote-type=pg',
    option('exec-id', /\d+-[0-9a-f]{8}/),
    option('process', /\d+/),
    'backup:remote',
  );
}
