import type { Host } from '#activities/hosts/port.ts';
import { pgbackrest } from '../repository.ts';
import type { Server } from '../server.ts';

export interface BackupTablespace {
  readonly oid: number;
  readonly location: string;
}

/** The tablespaces that a backup holds: only `info --set` tells. */
export async function readTablespaces(host: Host, server: Server, config: string, label: string): Promise<BackupTablespace[]> {
  const output = await host.run(pgbackrest(server, config, '--log-level-console=off', '--output=json', `--set=${label}`, 'info'), {
    timeoutMs: 180_000,
  });
  const [found] = JSON.parse(output) as { backup?: { tablespace?: { oid: number; destination: string }[] | null }[] }[];
  return (found?.backup?.[0]?.tablespace ?? []).map(({ oid, destination }) => ({ oid, location: destination }));
}
