import type { ActivityOptions, ChildWorkflowOptions } from '@temporalio/workflow';
import { ActivityCancellationType, ChildWorkflowCancellationType, ParentClosePolicy, proxyActivities } from '@temporalio/workflow';
import type { CatalogueActivities, HostActivities, MailActivities, TransferActivities } from '#activities/activities.ts';
import { transferQueue } from '#domain/names.ts';
import { noticeTriesMs } from '#domain/notices.ts';

type ProbeActivities = Pick<
  HostActivities,
  'checkDatabase' | 'probeSavedDatabase' | 'probeUnsavedDatabase' | 'probePolicyStore' | 'probeUnsavedStore'
>;
type SwapActivities = Pick<HostActivities, 'swapRestore' | 'swapBackRestore'>;
type StepActivities = Omit<HostActivities, keyof ProbeActivities | keyof SwapActivities>;

/**
 * How long activities may take and how they are tried again. `startToCloseTimeout` is one attempt's; a dead worker shows by
 * the missing heartbeat. No `maximumAttempts` is one to try for ever; none is 1, because a worker that shuts down uses up an
 * attempt. What must not be tried again is thrown as a non-retryable `ApplicationFailure` by the activity.
 */
const limits = {
  catalogue: { startToCloseTimeout: '30 s', retry: { initialInterval: '1 s', maximumInterval: '30 s' } },
  probes: {
    startToCloseTimeout: '5 min',
    heartbeatTimeout: '30 s',
    retry: { initialInterval: '1 s', maximumInterval: '10 s', maximumAttempts: 3 },
  },
  steps: {
    startToCloseTimeout: '30 min',
    heartbeatTimeout: '30 s',
    retry: { initialInterval: '5 s', maximumInterval: '1 min', maximumAttempts: 5 },
  },
  swaps: { startToCloseTimeout: '2 h', heartbeatTimeout: '30 s', retry: { initialInterval: '5 s', maximumInterval: '1 min' } },
  transfers: {
    taskQueue: transferQueue,
    // a stream cannot go on where it was cut off
    startToCloseTimeout: '7 d',
    heartbeatTimeout: '30 s',
    retry: { initialInterval: '5 s', maximumInterval: '1 min', maximumAttempts: 5 },
  },
  mail: {
    startToCloseTimeout: '2 min',
    scheduleToCloseTimeout: noticeTriesMs,
    retry: { initialInterval: '30 s', maximumInterval: '15 min' },
  },
} as const satisfies Record<string, ActivityOptions>;

/*
 * Each takes the summary that an operator reads beside the call: `transfers('Full backup of orders-db').runBackup(backup)`.
 */
export const catalogue = (summary: string) => proxyActivities<CatalogueActivities>(withSummary(limits.catalogue, summary));
/** A person waits for these. */
export const probes = (summary: string) => proxyActivities<ProbeActivities>(withSummary(limits.probes, summary));
export const steps = (summary: string) => proxyActivities<StepActivities>(withSummary(limits.steps, summary));
/** The moments of a restore that must end well or be taken back. */
export const swaps = (summary: string) => proxyActivities<SwapActivities>(withSummary(limits.swaps, summary));
export const transfers = (summary: string) => proxyActivities<TransferActivities>(withSummary(limits.transfers, summary));

export const mail = (summary: string) => proxyActivities<MailActivities>(withSummary(limits.mail, summary));

/** A policy rolls over whatever its children do. */
export const abandoned = {
  parentClosePolicy: ParentClosePolicy.ABANDON,
  cancellationType: ChildWorkflowCancellationType.ABANDON,
} satisfies ChildWorkflowOptions;

function withSummary(options: ActivityOptions, summary: string): ActivityOptions {
  return { ...options, summary, cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED };
}
