import { setHandler, uuid4 } from '@temporalio/workflow';
import { noFailures } from '#domain/failures.ts';
import { nextSlots } from '#domain/schedule.ts';
import type { PolicyStatus } from '#domain/states.ts';
import { failWith } from './failures.ts';
import {
  attachUpdate,
  deleteBackupUpdate,
  detachUpdate,
  editUpdate,
  manualBackupSignal,
  manualBackupUpdate,
  type Operation,
  operationEndedSignal,
  pauseSignal,
  type PolicyEdited,
  type PolicyState,
  resetFailuresSignal,
  resetFailuresUpdate,
  restoreUpdate,
  resumeSignal,
  retryPitrUpdate,
  statusQuery,
} from './messages.ts';
import { noteOperation, noteOutcome, policyError, type PolicyMemory, policyStatus, type Work } from './policy-state.ts';

/**
 * Answers what a policy is asked and told. Every handler is synchronous: it edits the memory and wakes the main loop,
 * which alone does something.
 */
export function answerMessages(memory: PolicyMemory, wake: () => void): void {
  const note = ({ databaseId, taskId, requestId }: Operation, work: Work): void => {
    noteOperation(memory, databaseId, taskId, work, requestId);
    wake();
  };
  const validators = createValidators(memory);
  setHandler(attachUpdate, (operation) => note(operation, { kind: 'attach' }), { validator: validators.attach });
  setHandler(detachUpdate, (operation) => note(operation, { kind: 'detach' }), { validator: validators.detach });
  setHandler(manualBackupUpdate, (operation) => note(operation, { kind: 'backup', backupKind: operation.backupKind ?? 'full' }), {
    validator: validators.manualBackup,
  });
  setHandler(restoreUpdate, (operation) => note(operation, { kind: 'restore', restoreId: operation.restoreId }), {
    validator: validators.restore,
  });
  setHandler(deleteBackupUpdate, (operation) => note(operation, { kind: 'delete', backupId: operation.backupId }), {
    validator: validators.restore,
  });
  setHandler(retryPitrUpdate, (operation) => note(operation, { kind: 'configure' }), { validator: validators.restore });
  // what an operator sends by hand may come without its argument
  setHandler(editUpdate, (edited?: PolicyEdited) => {
    memory.revision += 1;
    memory.store = 'validating';
    if (edited?.reachesHosts === true) memory.configuring = [...new Set([...memory.attached, ...beingAttached(memory)])];
    wake();
  });
  answerOperators(memory, wake);
  setHandler(operationEndedSignal, (report) => {
    noteOutcome(memory, report);
    wake();
  });
  setHandler(statusQuery, () => describeState(memory));
}

/** The API resets by an update, operators by signals that `temporal workflow signal --query` sends to many. */
function answerOperators(memory: PolicyMemory, wake: () => void): void {
  const resetFailures = (): void => {
    memory.failures = noFailures;
    memory.store = 'validating';
    wake();
  };
  setHandler(resetFailuresUpdate, resetFailures);
  setHandler(resetFailuresSignal, resetFailures);
  setHandler(resumeSignal, resetFailures);
  setHandler(pauseSignal, () => {
    memory.failures = { ...memory.failures, paused: true, lastError: memory.failures.lastError ?? 'paused by an operator' };
    wake();
  });
  setHandler(manualBackupSignal, (asked) => {
    const databaseIds = asked?.databaseId === undefined ? memory.attached : memory.attached.filter((id) => id === asked.databaseId);
    for (const databaseId of databaseIds) {
      if (memory.operations[databaseId] === undefined) noteOperation(memory, databaseId, uuid4(), { kind: 'backup', backupKind: 'full' });
    }
    wake();
  });
}

/** They may have been prepared before the edit. */
function beingAttached({ operations }: PolicyMemory): string[] {
  return Object.values(operations).flatMap(({ databaseId, work }) => (work.kind === 'attach' ? [databaseId] : []));
}

function createValidators(memory: PolicyMemory) {
  return {
    attach(operation: Operation): void {
      refuseUnlessReady(memory);
      if (memory.attached.includes(operation.databaseId))
        throw failWith('already-attached', `database ${operation.databaseId} is attached to this policy already`);
      refuseBusy(memory, operation);
    },
    detach(operation: Operation): void {
      refuseUnattached(memory, operation);
      refuseBusy(memory, operation);
    },
    manualBackup(operation: Operation): void {
      refuseUnlessReady(memory, 'paused');
      refuseUnattached(memory, operation);
      refuseBusy(memory, operation);
    },
    restore(operation: Operation): void {
      refuseUnattached(memory, operation);
      refuseBusy(memory, operation);
    },
  };
}

function refuseUnlessReady(memory: PolicyMemory, alsoIn?: PolicyStatus): void {
  const [status, lastError] = [policyStatus(memory), policyError(memory)];
  if (status === 'active' || status === alsoIn) return;
  throw failWith('policy-not-ready', `the policy is in status ${status}${lastError === null ? '' : `: ${lastError}`}`);
}

function refuseUnattached({ settings, attached, operations }: PolicyMemory, { databaseId }: Operation): void {
  if (settings === null) throw failWith('policy-not-ready', 'the policy has only just been started');
  if (attached.includes(databaseId) || operations[databaseId] !== undefined) return;
  throw failWith('not-attached', `database ${databaseId} is not attached to this policy`);
}

function refuseBusy({ operations }: PolicyMemory, { databaseId }: Operation): void {
  const busyWith = operations[databaseId];
  if (busyWith !== undefined) throw failWith('database-busy', `${describeRunning(busyWith.work)} on database ${databaseId}`);
}

/** "a restore is running" */
export function describeRunning({ kind }: Work): string {
  return `${runningWords[kind]} is running`;
}

const runningWords: Readonly<Record<Work['kind'], string>> = {
  attach: 'an attach',
  detach: 'a detach',
  backup: 'a backup',
  restore: 'a restore',
  retention: 'the daily retention',
  delete: 'a deletion',
  configure: 'a configuration of log archiving',
};

function describeState(memory: PolicyMemory): PolicyState {
  const { attached, operations, settings, handledUntil, failures } = memory;
  return {
    status: policyStatus(memory),
    consecutiveFailures: failures.consecutive,
    lastError: policyError(memory),
    attached,
    busy: Object.fromEntries(Object.values(operations).map(({ databaseId, work }) => [databaseId, work.kind])),
    tasks: Object.values(operations).map(({ taskId }) => taskId),
    nextSlots: settings === null ? [] : nextSlots(settings.schedule, handledUntil, 5),
  };
}
