import type { TaskRef } from '#activities/activities.ts';
import { undoAfter } from './failures.ts';
import { type RunningOperation, runOperation } from './operation.ts';
import { catalogue, steps } from './proxies.ts';
import { takeBackup } from './take-backup.ts';

/** Brings a database under its policy. Up to the first backup a failure takes everything back; from then on it stays attached. */
export async function attachDatabase(input: TaskRef): Promise<void> {
  await runOperation('attach', 'Attach', input, async (operation) => {
    await catalogue(`Attach ${operation.databaseName}`).openAttachment(operation.ref);
    operation.attached = true;
    try {
      await steps(`Prepare the host of ${operation.databaseName}`).prepareHost(operation.ref);
      await steps(`Start archiving the logs of ${operation.databaseName}`).armPitr(operation.ref);
    } catch (error) {
      await undoAfter(error, () => release(operation));
    }
    await takeBackup(operation, 'full');
  });
}

/** The attachment closes last: while it is open, what stays on the host can be removed by detaching. */
export async function release(operation: RunningOperation): Promise<void> {
  await steps(`Stop archiving the logs of ${operation.databaseName}`).disarmPitr(operation.ref);
  await catalogue(`Detach ${operation.databaseName}`).closeAttachment(operation.ref);
  operation.attached = false;
}
