import { uuid4 } from '@temporalio/workflow';
import type { BackupKind } from '#domain/states.ts';
import { archiveLogsNow } from './archive-logs.ts';
import { failureOf, undoAfter } from './failures.ts';
import type { RunningOperation } from './operation.ts';
import { catalogue, transfers } from './proxies.ts';

/**
 * Takes a backup, then checks that the logs go on without a gap. A check that fails fails the operation, but leaves the
 * backup completed: it is proven by itself.
 */
export async function takeBackup(operation: RunningOperation, requested: BackupKind): Promise<void> {
  try {
    await backUpAndCheck(operation, requested);
    operation.backup = {};
  } catch (error) {
    operation.backup = { error: failureOf(error) };
    throw error;
  }
}

async function backUpAndCheck(operation: RunningOperation, requested: BackupKind): Promise<void> {
  const { ref, databaseName } = operation;
  const backup = { ...ref, backupId: uuid4() };
  const { kind } = await catalogue(`Plan the ${requested} backup of ${databaseName}`).planBackup({ ...backup, kind: requested });
  try {
    const title = `${kind === 'full' ? 'Full' : 'Incremental'} backup of ${databaseName}`;
    const { sourceChange } = await transfers(title).runBackup(backup);
    operation.sourceChange = sourceChange;
  } catch (error) {
    await undoAfter(error, () =>
      catalogue(`Mark the backup of ${databaseName} failed`).failBackup({ ...backup, failure: failureOf(error) }),
    );
  }
  const { found } = await archiveLogsNow({ ...ref, databaseName });
  operation.gaps.push(...found);
}
