import {
  ActivityFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CatalogueActivities } from '#activities/activities.ts';
import { nextSlot } from '#domain/schedule.ts';
import { failureOf } from './failures.ts';
import type { PolicyInput } from './messages.ts';
import { answerMessages } from './policy-messages.ts';
import { isArchiving, nextLogsAt, noteLogMinutes, startDueLogs } from './policy-logs.ts';
import { freeLost, noteSlotWork, noteWaitingWork, recordSkips, startQueued, tellNotices } from './policy-operations.ts';
import { createMemory, nextRetentionAt, noteDueRetention, noteDueSlot, type PolicyMemory, startedOperations } from './policy-state.ts';
import { describeForLists, describeForOperators, describeForSearch, describeSlot } from './policy-view.ts';
import { createOperationWatch, type OperationWatch } from './policy-watch.ts';
import { catalogue, probes } from './proxies.ts';

/** What one run of the workflow hands to the next. */
interface PolicyRun extends PolicyInput {
  readonly memory?: PolicyMemory;
  /** The length of history at which the next run begins. */
  readonly maxEvents?: number;
}

const MINUTE = 60_000;
/** So that a policy that sleeps for a week takes up new code. */
const longestSleep = 24 * 60 * MINUTE;

const afterTrouble = MINUTE;

/** One per policy, for its whole life: sleeps until something is to be done and has it done. Ends when the policy's row is gone. */
export async function policyWorkflow(run: PolicyRun): Promise<void> {
  const memory: PolicyMemory = { ...createMemory(Date.now()), ...run.memory };
  const alarm = { isRung: false };
  const wake = (): void => void (alarm.isRung = true);
  const validate = createValidation(run.policyId, memory, wake);
  const watch = createOperationWatch(memory, wake);
  const index = createIndex();
  answerMessages(memory, wake);
  for (;;) {
    alarm.isRung = false;
    // What archives logs reports to the run that began it: before the next run nothing new is begun, and the last of them ends.
    const isEnding = isHistoryLong(run);
    if ((await pass(run.policyId, memory, { validate, watch, wake, isEnding })) === 'policy is gone') break;
    setCurrentDetails(describeForOperators(memory));
    index(memory);
    if (isEnding && !isArchiving(memory)) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof policyWorkflow>({ ...run, memory });
    }
    const { ms, summary } = nextWaking(memory, watch, isEnding);
    if (ms > 0 && !alarm.isRung) await condition(() => alarm.isRung, ms, { summary });
  }
  await condition(allHandlersFinished);
}

/** Does everything that is to be done now. What goes wrong is shown and tried again: a policy that gives up would be silent. */
async function pass(
  policyId: string,
  memory: PolicyMemory,
  { validate, watch, wake, isEnding }: { validate: () => void; watch: OperationWatch; wake: () => void; isEnding: boolean },
): Promise<'policy is gone' | undefined> {
  try {
    noteDueSlot(memory, Date.now());
    noteDueRetention(memory, Date.now());
    if (memory.readRevision < memory.revision) await readSettings(policyId, memory);
    validate();
    noteSlotWork(memory);
    noteWaitingWork(memory);
    if (startedOperations(memory).length === 0) memory.lookedAt = Date.now();
    if (!isEnding) await startDueLogs(policyId, memory, Date.now(), wake);
    await startQueued(policyId, memory, watch);
    await recordSkips(policyId, memory);
    await tellNotices(policyId, memory);
    if (Date.now() - memory.lookedAt >= watch.lookEveryMs()) await lookForLost(policyId, memory, wake);
    memory.trouble = null;
    await mirror(policyId, memory);
    return undefined;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { code, message } = failureOf(error);
    memory.trouble = message;
    return code === 'not-found' && error instanceof ActivityFailure && aboutThePolicy.has(error.activityType)
      ? 'policy is gone'
      : undefined;
  }
}

const aboutThePolicy: ReadonlySet<string> = new Set<keyof CatalogueActivities>(['loadPolicy', 'mirrorPolicy']);

/** The databases are taken from the catalogue only at the start: later the reports of attach and detach tell when one is ready. */
async function readSettings(policyId: string, memory: PolicyMemory): Promise<void> {
  const { revision } = memory;
  const { name, ownerId, schedule, spreadMs, attached, logMinutes } = await catalogue('Read the policy').loadPolicy({ policyId });
  if (memory.settings === null) memory.attached = attached;
  noteLogMinutes(memory, logMinutes, Date.now());
  memory.settings = { name, ownerId, schedule, spreadMs };
  memory.readRevision = revision;
}

/** Returns what has the store probed beside the main loop, as long as the policy is validating; a finding on what was edited meanwhile does not count. */
function createValidation(policyId: string, memory: PolicyMemory, wake: () => void): () => void {
  let isProbing = false;
  const probe = async (): Promise<void> => {
    const { revision } = memory;
    const finding = await findFault(policyId);
    if (revision === memory.revision) {
      memory.store = finding === null ? 'active' : 'error';
      memory.storeError = finding;
    }
    isProbing = false;
    wake();
  };
  return () => {
    if (isProbing || memory.store !== 'validating') return;
    isProbing = true;
    void probe();
  };
}

async function findFault(policyId: string): Promise<string | null> {
  try {
    const { ok, steps } = await probes('Test the connection to the store').probePolicyStore({ policyId });
    return ok ? null : steps.flatMap((step) => (step.ok === false ? [`${step.name}: ${step.message ?? 'failed'}`] : [])).join('; ');
  } catch (error) {
    return failureOf(error).message;
  }
}

/** What was held up by something lost goes on in the next pass. */
async function lookForLost(policyId: string, memory: PolicyMemory, wake: () => void): Promise<void> {
  memory.lookedAt = Date.now();
  await freeLost(policyId, memory);
  wake();
}

async function mirror(policyId: string, memory: PolicyMemory): Promise<void> {
  const row = describeForLists(memory);
  const mirrored = JSON.stringify(row);
  if (mirrored === memory.mirrored) return;
  await catalogue('Show the state in the lists').mirrorPolicy({ policyId, ...row });
  memory.mirrored = mirrored;
}

/** Returns what sets the search attributes, where they have changed. */
function createIndex(): (memory: PolicyMemory) => void {
  let indexed = '';
  return (memory) => {
    const pairs = describeForSearch(memory);
    const found = JSON.stringify(pairs);
    if (found !== indexed) upsertSearchAttributes(pairs);
    indexed = found;
  };
}

function isHistoryLong({ maxEvents = 2_000 }: PolicyRun): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > maxEvents;
}

/** Not positive when something fell due during the pass. */
function nextWaking(memory: PolicyMemory, watch: OperationWatch, isEnding: boolean): { ms: number; summary: string } {
  const now = Date.now();
  // What fell due behind the trouble is still due: it must not be tried without a pause.
  if (memory.trouble !== null) return { ms: afterTrouble, summary: 'Until the bookkeeping is tried again' };
  const waits = [{ ms: longestSleep, summary: 'Nothing to do today' }];
  if (memory.settings !== null) {
    const { schedule, spreadMs } = memory.settings;
    const slot = nextSlot(schedule, memory.handledUntil);
    waits.push({ ms: slot.at + spreadMs - now, summary: `Until the ${describeSlot(slot)}` });
  }
  waits.push({ ms: nextRetentionAt(memory) - now, summary: 'Until the daily retention' });
  if (!isEnding) waits.push({ ms: nextLogsAt(memory) - now, summary: 'Until logs are archived and checked' });
  if (startedOperations(memory).length > 0)
    waits.push({ ms: memory.lookedAt + watch.lookEveryMs() - now, summary: 'Until the next look at what is running' });
  return waits.reduce((first, wait) => (wait.ms < first.ms ? wait : first));
}
