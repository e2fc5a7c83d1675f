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
    const { switchesEncryption, needsFull } = await catalogue(`Look what has to change for ${databaseName}`).planConfiguration(ref);
    const arm = (): Promise<void> => steps(`Configure log archiving of ${databaseName}`).armPitr(ref);
    await steps(`Prepare the host of ${databaseName}`).prepareHost(ref);
    await arm();
    if (switchesEncryption) {
      // The old generation's window is to reach up to here.
      operation.gaps.push(...(await archiveLogsNow({ ...ref, databaseName })).found);
      await catalogue(`Begin a new generation of ${databaseName}`).switchEncryption(ref);
      await arm();
    }
    const { open, found } = await archiveLogsNow({ ...ref, databaseName });
    operation.gaps.push(...found);
    if (needsFull || open.length > 0) await takeBackup(operation, 'full');
  });
}
