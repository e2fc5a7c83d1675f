import { setHandler } from '@temporalio/workflow';
import { nextSlots } from '#domain/schedule.ts';
import { failWith } from './failures.ts';
import {
  attachUpdate,
  detachUpdate,
  editUpdate,
  manualBackupUpdate,
  type Operation,
  operationEndedSignal,
  type PolicyState,
  restoreUpdate,
  statusQuery,
} from './messages.ts';
import { noteOperation, noteOutcome, type PolicyMemory, type Work } from './policy-state.ts';

/**
 * Answers what a policy is asked and told. Every handler is synchronous: it edits the memory and wakes the main loop,
 * which alone does something.
 */
export function answerMessages(memory: PolicyMemory, wake: () => void): void {
  const note = ({ databaseId, taskId }: Operation, work: Work): void => {
    noteOperation(memory, databaseId, taskId, work);
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
  setHandler(editUpdate, () => {
    memory.revision += 1;
    memory.status = 'validating';
    wake();
  });
  setHandler(operationEndedSignal, (report) => {
    noteOutcome(memory, report);
    wake();
  });
  setHandler(statusQuery, () => describeState(memory));
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
      refuseUnlessReady(memory);
      refuseUnattached(memory, operation);
      refuseBusy(memory, operation);
    },
    restore(operation: Operation): void {
      refuseUnattached(memory, operation);
      refuseBusy(memory, operation);
    },
  };
}

function refuseUnlessReady({ status, lastError }: PolicyMemory): void {
  if (status === 'active') return;
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
  return `${kind === 'attach' ? 'an' : 'a'} ${kind} is running`;
}

function describeState({ status, attached, operations, settings, handledUntil }: PolicyMemory): PolicyState {
  return {
    status,
    attached,
    busy: Object.fromEntries(Object.values(operations).map(({ databaseId, work }) => [databaseId, work.kind])),
    nextSlots: settings === null ? [] : nextSlots(settings.schedule, handledUntil, 5),
  };
}
