import type { EngineContext } from '../port.ts';
import { repositoryError } from './failures.ts';
import { annotation, findBackupInfo } from './info.ts';
import { archivePlace, configPath, installConfig, pgbackrest } from './repository.ts';
import { findServer } from './server.ts';

/**
 * Removes backups, by label or by id, and what builds on them; WAL stays. What is gone already is no error. The configuration is
 * written anew: an ended generation's has gone with a detachment, or has keys that were changed since.
 */
export async function expire(context: EngineContext, backups: readonly string[]): Promise<void> {
  if (backups.length === 0) return;
  const server = await findServer(context);
  const config = configPath(context.database.id, context.repository.generation);
  await context.host.run(
    installConfig(context, server, archivePlace(context.database.id, context.repository.generation, server.dataDirectory)),
  );
  for (const backup of backups) {
    const known = (await findBackupInfo(context.host, server, config)) ?? [];
    // one that was never proven has no label on record, but tells whose it is
    const label = known.find((info) => info.label === backup || info.annotation?.[annotation] === backup)?.label;
    if (label === undefined) continue;
    const output = await context.host.tryRun(`${pgbackrest(server, config, `--set=${label}`, 'expire')} 2>&1`, { timeoutMs: 600_000 });
    // an unproven one that is the only full goes after the next; one that was listed is not gone
    if (label !== backup && output.stdout.includes('cannot be expired until another full backup')) continue;
    if (output.exitCode !== 0) throw repositoryError(output.stdout, `pgBackRest could not remove ${label}`);
  }
}
