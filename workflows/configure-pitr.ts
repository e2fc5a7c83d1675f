import type { TaskRef } from '#activities/activities.ts';
import { archiveLogsNow } from './archive-logs.ts';
import { runOperation } from './operation.ts';
import { catalogue, steps } from './proxies.ts';
import { takeBackup } from './take-backup.ts';

/**
 * Brings what the policy says to an attached host: credentials, log archiving on or off, encryption. A full follows where only one
 * opens a recovery window: after log archiving was off, under another encryption, and where the logs have a gap.
 */
export async function configurePitr(input: TaskRef): Promise<void> {
  await runOperation('configure', 'Configuration of log archiving', input, async (operation) => {
    const { ref, databaseName } = operation;
    const { needsFull } = await catalogue(`Look what has to change for ${databaseName}`).planConfiguration(ref);
    await steps(`Prepare the host of ${databaseName}`).prepareHost(ref);
    await steps(`Configure log archiving of ${databaseName}`).armPitr(ref);
    const { open, found } = await archiveLogsNow({ ...ref, databaseName });
    operation.gaps.push(...found);
    if (needsFull || open.length > 0) await takeBackup(operation, 'full');
  });
}
