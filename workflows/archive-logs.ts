import { executeChild, getExternalWorkflowHandle, sleep, workflowInfo } from '@temporalio/workflow';
import type { LogGaps, LogsRef } from '#activities/activities.ts';
import { logsWorkflowId, policyWorkflowId } from '#domain/names.ts';
import { endingOf, failureOf, isAlreadyStarted } from './failures.ts';
import { logsArchivedSignal, type LogsReport } from './messages.ts';
import { steps } from './proxies.ts';

export interface ArchiveLogsInput extends LogsRef {
  readonly databaseName: string;
  /** The policy's clock began it: the policy wants to hear what is new, which includes that it goes well again. */
  readonly scheduled?: { readonly isTroubled: boolean };
}

/** Archives what a database has logged and looks for gaps. Its workflow id is the lock of the log archive. */
export async function archiveLogs({ databaseName, scheduled, ...ref }: ArchiveLogsInput): Promise<LogGaps> {
  try {
    const gaps = await steps(`Archive and check the logs of ${databaseName}`).checkLogs(ref);
    if (scheduled !== undefined && (scheduled.isTroubled || gaps.found.length > 0)) await tellPolicy(ref, gaps);
    return gaps;
  } catch (error) {
    if (scheduled !== undefined) await tellPolicy(ref, { open: [], found: [], error: failureOf(error) });
    throw endingOf(error);
  }
}

async function tellPolicy({ policyId, databaseId }: LogsRef, outcome: Pick<LogsReport, 'open' | 'found' | 'error'>): Promise<void> {
  const report: LogsReport = { databaseId, runId: workflowInfo().runId, ...outcome };
  try {
    await getExternalWorkflowHandle(policyWorkflowId(policyId)).signal(logsArchivedSignal, report);
  } catch {
    // The policy's workflow is gone: nobody is left to be told.
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
