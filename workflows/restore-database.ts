import { CancellationScope, CancelledFailure } from '@temporalio/workflow';
import type { RestoreRef } from '#activities/activities.ts';
import { failureOf, failWith, undoAfter } from './failures.ts';
import { type RunningOperation, runOperation } from './operation.ts';
import { catalogue, steps, swaps, transfers } from './proxies.ts';
import { takeBackup } from './take-backup.ts';

interface Restore {
  readonly restore: RestoreRef;
  readonly databaseName: string;
}

/** Ends with the restored data or with the old data. Until the swap the database serves, and a cancellation takes everything back. */
export async function restoreDatabase(input: RestoreRef): Promise<void> {
  await runOperation('restore', 'Restore', input, async (operation) => {
    const restore = { ...operation.ref, restoreId: input.restoreId };
    await steps(`Plan the restore of ${operation.databaseName}`).planRestore(restore);
    const { databaseName } = operation;
    await build({ databaseName, restore });
    await CancellationScope.nonCancellable(() => swap({ databaseName, restore }));
    await secure(operation, restore);
  });
}

/** Builds the new data beside the old. */
async function build({ restore, databaseName }: Restore): Promise<void> {
  try {
    await steps(`Check whether ${databaseName} can be restored`).preflightRestore(restore);
    await transfers(`Build the restored data of ${databaseName} beside the old`).buildRestore(restore);
    await transfers(`Recover the restored data of ${databaseName}`).recoverRestore(restore);
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled before the swap');
  } catch (error) {
    await undoAfter(error, cleanUp({ restore, databaseName }));
  }
}

/** When swapping back fails too, nothing is removed: one of the two directories is the only good copy. */
async function swap({ restore, databaseName }: Restore): Promise<void> {
  try {
    await swaps(`Swap in the restored data of ${databaseName}`).swapRestore(restore);
  } catch (error) {
    const swapBack = (): Promise<void> => swaps(`Swap the old data of ${databaseName} back in`).swapBackRestore(restore);
    await undoAfter(error, swapBack, cleanUp({ restore, databaseName }));
  }
}

/** The data is restored: from here on nothing goes back, every step is tried, and what fails is told as such. */
async function secure(operation: RunningOperation, restore: RestoreRef): Promise<void> {
  const { ref, databaseName } = operation;
  const leftover = await findFailure(() => CancellationScope.nonCancellable(cleanUp({ restore, databaseName })));
  const unsafe = await findFailure(async () => {
    await CancellationScope.nonCancellable(async () => {
      await catalogue(`Begin a new generation of ${databaseName}`).beginGeneration(restore);
      await steps(`Start archiving the logs of ${databaseName}`).armPitr(ref);
    });
    await takeBackup(operation, 'full');
  });
  if (unsafe !== undefined) throw failWith(unsafe.code, `the data is restored, but it is not backed up yet: ${unsafe.message}`);
  if (leftover !== undefined)
    throw failWith(leftover.code, `the data is restored, but the old data could not be removed: ${leftover.message}`);
}

function cleanUp({ restore, databaseName }: Restore): () => Promise<void> {
  return () => steps(`Remove what the restore of ${databaseName} no longer needs`).cleanUpRestore(restore);
}

async function findFailure(work: () => Promise<void>): Promise<ReturnType<typeof failureOf> | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}
