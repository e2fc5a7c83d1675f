import type { EngineContext } from '../port.ts';
import { repositoryError } from './failures.ts';
import { listBackupInfo } from './info.ts';
import { configPath, pgbackrest } from './repository.ts';
import { findServer } from './server.ts';

/** Removes backups and what builds on them; WAL stays. What is gone already is no error. */
export async function expire(context: EngineContext, labels: readonly string[]): Promise<void> {
  const server = await findServer(context);
  const config = configPath(context.database.id, context.repository.generation);
  for (const label of labels) {
    const known = await listBackupInfo(context.host, server, config);
    if (!known.some((info) => info.label === label)) continue;
    const output = await context.host.tryRun(`${pgbackrest(server, config, `--set=${label}`, 'expire')} 2>&1`, { timeoutMs: 600_000 });
    if (output.exitCode !== 0) throw repositoryError(output.stdout, `pgBackRest could not remove ${label}`);
  }
}
