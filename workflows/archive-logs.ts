import { executeChild, sleep } from '@temporalio/workflow';
import type { LogGaps, LogsRef } from '#activities/activities.ts';
import { logsWorkflowId } from '#domain/names.ts';
import { endingOf, isAlreadyStarted } from './failures.ts';
import { steps } from './proxies.ts';

export interface ArchiveLogsInput extends LogsRef {
  readonly databaseName: string;
}

/** Archives what a database has logged and looks for gaps. Its workflow id is the lock of the log archive. */
export async function archiveLogs({ databaseName, ...ref }: ArchiveLogsInput): Promise<LogGaps> {
  try {
    return await steps(`Archive and check the logs of ${databaseName}`).checkLogs(ref);
  } catch (error) {
    throw endingOf(error);
  }
}

const firstWaitMs = 1_000;
const longestWaitMs = 30_000;

/** As a part of another operation: waits where the policy's clock has begun the same already. */
export async function archiveLogsNow(input: ArchiveLogsInput): Promise<LogGaps> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
    try {
      return await executeChild(archiveLogs, {
        workflowId: logsWorkflowId(input.databaseId),
        staticSummary: `Logs of ${input.databaseName}`,
        args: [input],
      });
    } catch (error) {
      if (!isAlreadyStarted(error)) throw error;
      await sleep(waitMs, { summary: 'Until the logs that are being archived are done' });
    }
  }
}
