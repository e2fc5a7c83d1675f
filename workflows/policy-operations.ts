import { type ChildWorkflowOptions, sleep, startChild, uuid4, WorkflowIdReusePolicy } from '@temporalio/workflow';
import { terminated } from '#domain/failures.ts';
import { databaseWorkflowId, searchAttributes } from '#domain/names.ts';
import type { Slot } from '#domain/schedule.ts';
import { applyRetention } from './apply-retention.ts';
import { attachDatabase } from './attach-database.ts';
import { backUpDatabase } from './back-up-database.ts';
import { configurePitr } from './configure-pitr.ts';
import { deleteBackup } from './delete-backup.ts';
import { detachDatabase } from './detach-database.ts';
import { isAlreadyStarted } from './failures.ts';
import { describeRunning } from './policy-messages.ts';
import {
  configureAgain,
  freeDatabase,
  type NotedOperation,
  noteOperation,
  noteOutcome,
  policyError,
  type PolicyMemory,
  policyStatus,
  queuedOperations,
  startedOperations,
  type Work,
} from './policy-state.ts';
import type { OperationWatch } from './policy-watch.ts';
import { abandoned, catalogue } from './proxies.ts';
import { restoreDatabase } from './restore-database.ts';
import { sendNotice } from './send-notice.ts';

/** Turns the slot that is due into one backup per database, or into a skip with its reason. */
export function noteSlotWork(memory: PolicyMemory): void {
  const slot = memory.due;
  if (slot === null || memory.store === 'validating') return;
  configureAgain(memory);
  noteConfigurations(memory);
  for (const databaseId of memory.attached) {
    noteSlot(memory, databaseId, slot);
  }
  memory.due = null;
}

/** Retention, deletions and configurations are over soon: a slot waits for them. What had to wait takes its turn here. */
export function noteWaitingWork(memory: PolicyMemory): void {
  noteConfigurations(memory);
  for (const [databaseId, slot] of Object.entries(memory.waiting)) {
    if (memory.operations[databaseId] !== undefined) continue;
    delete memory.waiting[databaseId];
    if (memory.attached.includes(databaseId)) noteSlot(memory, databaseId, slot);
  }
  for (const databaseId of memory.reopening) {
    const isAttached = memory.attached.includes(databaseId);
    if (isAttached && (memory.operations[databaseId] !== undefined || policyStatus(memory) !== 'active')) continue;
    if (isAttached) noteOperation(memory, databaseId, uuid4(), { kind: 'backup', backupKind: 'full' });
    memory.reopening = memory.reopening.filter((id) => id !== databaseId);
  }
  for (const databaseId of memory.retaining) {
    if (memory.operations[databaseId] === undefined && memory.attached.includes(databaseId))
      noteOperation(memory, databaseId, uuid4(), { kind: 'retention' });
    else if (memory.attached.includes(databaseId)) continue;
    memory.retaining = memory.retaining.filter((id) => id !== databaseId);
  }
}

/** Before any backup: that would be taken as the policy was before the edit. A database that is being attached waits for its end. */
function noteConfigurations(memory: PolicyMemory): void {
  for (const databaseId of memory.configuring) {
    const isAttached = memory.attached.includes(databaseId);
    if (memory.operations[databaseId] !== undefined || (isAttached && memory.store !== 'active')) continue;
    if (isAttached) noteOperation(memory, databaseId, uuid4(), { kind: 'configure' });
    memory.configuring = memory.configuring.filter((id) => id !== databaseId);
  }
}

function noteSlot(memory: PolicyMemory, databaseId: string, slot: Slot): void {
  const reason = findObstacle(memory, databaseId);
  const running = memory.operations[databaseId]?.work.kind;
  if (reason === undefined) noteOperation(memory, databaseId, uuid4(), { kind: 'backup', backupKind: slot.kind, slotAt: slot.at });
  else if (policyStatus(memory) === 'active' && running !== undefined && soonOver.has(running))
    noteWaiting(memory, databaseId, slot, reason);
  else noteSkip(memory, databaseId, slot, reason);
}

/** One slot of a database waits, a full rather than an incremental; the other one is skipped. */
function noteWaiting(memory: PolicyMemory, databaseId: string, slot: Slot, reason: string): void {
  const earlier = memory.waiting[databaseId];
  const staysFull = earlier?.kind === 'full' && slot.kind === 'incremental';
  const skipped = staysFull ? slot : earlier;
  if (skipped !== undefined) noteSkip(memory, databaseId, skipped, reason);
  if (!staysFull) memory.waiting[databaseId] = slot;
}

function noteSkip(memory: PolicyMemory, databaseId: string, slot: Slot, reason: string): void {
  memory.skips.push({ taskId: uuid4(), databaseId, kind: slot.kind, slotAt: slot.at, reason });
}

const soonOver: ReadonlySet<Work['kind']> = new Set(['retention', 'delete', 'configure']);

function findObstacle(memory: PolicyMemory, databaseId: string): string | undefined {
  const [status, error] = [policyStatus(memory), policyError(memory)];
  if (status !== 'active') return `the policy is in status ${status}${error === null ? '' : `: ${error}`}`;
  const running = memory.operations[databaseId];
  return running === undefined ? undefined : describeRunning(running.work);
}

export async function recordSkips(policyId: string, memory: PolicyMemory): Promise<void> {
  await allEnded(
    memory.skips.map(async (skip) => {
      await catalogue(`Record a skipped ${skip.kind} backup`).recordSkip({ policyId, ...skip });
      memory.skips = memory.skips.filter((other) => other !== skip);
    }),
  );
}

/** Each is written down first and then sent by a workflow of its own, which nothing here waits for. */
export async function tellNotices(policyId: string, memory: PolicyMemory): Promise<void> {
  await allEnded(
    memory.notices.map(async (notice) => {
      await catalogue(`Write the notice: ${notice.kind}`).recordNotice({ policyId, ...notice });
      await startChild(sendNotice, { ...abandoned, workflowId: `notice-${notice.event}`, args: [{ event: notice.event }] }).catch(
        (error: unknown) => {
          if (!isAlreadyStarted(error)) throw error;
        },
      );
      memory.notices = memory.notices.filter((other) => other !== notice);
    }),
  );
}

/** Starts what was noted; whatever is not a backup lets the archiving of logs end first. The workflow id is the database's lock: what finds it taken does not run. */
export async function startQueued(policyId: string, memory: PolicyMemory, watch: OperationWatch): Promise<void> {
  const ready = queuedOperations(memory).filter(
    ({ databaseId, work }) => work.kind === 'backup' || memory.logClocks[databaseId]?.isRunning !== true,
  );
  await allEnded(ready.map((operation) => start(policyId, memory, operation, watch)));
}

/** An operation that has reported needs a moment more until its workflow is closed. */
const startTries = 4;
const betweenTriesMs = 500;

async function start(policyId: string, memory: PolicyMemory, operation: NotedOperation, watch: OperationWatch): Promise<void> {
  for (let tries = 1; !operation.started; tries++) {
    try {
      const child = await startOperation(policyId, operation, memory.databaseNames[operation.databaseId] ?? operation.databaseId);
      operation.started = true;
      watch.begin(operation, child.result());
    } catch (error) {
      if (!isAlreadyStarted(error)) throw error;
      if (tries === startTries) {
        freeDatabase(memory, operation);
        await refuse(memory, operation);
        return;
      }
      await sleep(betweenTriesMs, { summary: 'Until the operation before has ended' });
    }
  }
}

async function refuse(memory: PolicyMemory, { databaseId, taskId, work }: NotedOperation): Promise<void> {
  const reason = 'another operation is running on the database';
  if (work.kind === 'backup' && work.slotAt !== undefined) {
    memory.skips.push({ taskId, databaseId, kind: work.backupKind, slotAt: work.slotAt, reason });
  } else {
    await catalogue('End the task').endTask({ taskId, failure: { code: 'database-busy', message: reason } });
  }
}

async function startOperation(policyId: string, operation: NotedOperation, name: string): Promise<{ result(): Promise<unknown> }> {
  const { databaseId, taskId, work } = operation;
  const ref = { taskId, policyId, databaseId };
  switch (work.kind) {
    case 'attach':
      return startChild(attachDatabase, { ...childOptions(operation, `Attach ${name}`), args: [ref] });
    case 'detach':
      return startChild(detachDatabase, { ...childOptions(operation, `Detach ${name}`), args: [ref] });
    case 'backup': {
      const summary = `${work.backupKind === 'full' ? 'Full' : 'Incremental'} backup of ${name}`;
      return startChild(backUpDatabase, { ...childOptions(operation, summary), args: [{ ...ref, kind: work.backupKind }] });
    }
    case 'configure':
      return startChild(configurePitr, { ...childOptions(operation, `Configure log archiving of ${name}`), args: [ref] });
    case 'retention':
      return startChild(applyRetention, { ...childOptions(operation, `Retention of ${name}`), args: [ref] });
    case 'delete':
      return startChild(deleteBackup, {
        ...childOptions(operation, `Deletion of a backup of ${name}`),
        args: [{ ...ref, backupId: work.backupId }],
      });
    case 'restore':
      break;
  }
  return startChild(restoreDatabase, {
    ...childOptions(operation, `Restore of ${name}`),
    args: [{ ...ref, restoreId: work.restoreId }],
  });
}

/** The memo tells which task holds the lock, and who asked for it. */
function childOptions({ databaseId, taskId, requestId }: NotedOperation, staticSummary: string) {
  return {
    workflowId: databaseWorkflowId(databaseId),
    ...abandoned,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    memo: { taskId, ...(requestId === undefined ? {} : { requestId }) },
    typedSearchAttributes: [{ key: searchAttributes.database, value: databaseId }],
    staticSummary,
  } satisfies ChildWorkflowOptions;
}

/** Takes for ended, as if they had reported it, the operations that were terminated and will never report. */
export async function freeLost(policyId: string, memory: PolicyMemory): Promise<void> {
  const operations = startedOperations(memory).map(({ databaseId, taskId }) => ({ databaseId, taskId }));
  if (operations.length === 0) return;
  const found = await catalogue('Look for operations that were terminated').findLostOperations({ operations });
  const lost = found.filter(({ databaseId, taskId }) => memory.operations[databaseId]?.taskId === taskId);
  if (lost.length === 0) return;
  const { attached } = await catalogue('Read the policy').loadPolicy({ policyId });
  for (const { databaseId, taskId, failure, backup } of lost) {
    const kind = memory.operations[databaseId]?.work.kind;
    // it has reported meanwhile
    if (kind === undefined) continue;
    noteOutcome(memory, {
      databaseId,
      taskId,
      kind,
      databaseName: memory.databaseNames[databaseId] ?? databaseId,
      attached: attached.includes(databaseId),
      ...(failure && { error: failure }),
      ...(backup && { backup }),
    });
  }
  await allEnded(lost.map(({ taskId }) => catalogue('End the task of a terminated operation').endTask({ taskId, failure: terminated })));
}

/** Unlike `Promise.all`, leaves nothing running behind a failure. */
async function allEnded(acts: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(acts)).find((act) => act.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
