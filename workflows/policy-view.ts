import { searchAttributes } from '#domain/names.ts';
import { nextSlot, nextSlots, type Slot } from '#domain/schedule.ts';
import { describeRunning } from './policy-messages.ts';
import { policyError, type PolicyMemory, policyStatus } from './policy-state.ts';

/** What lists show of a policy. */
export function describeForLists(memory: PolicyMemory) {
  const { settings, failures, handledUntil } = memory;
  const status = policyStatus(memory);
  const slots = settings === null || status === 'error' || status === 'paused' ? undefined : nextOfEach(settings.schedule, handledUntil);
  return {
    status,
    lastError: policyError(memory),
    consecutiveFailures: failures.consecutive,
    nextFullAt: slots?.fullAt ?? null,
    nextIncrementalAt: slots?.incrementalAt ?? null,
  };
}

/** Two slots in a row are never both full, unless there are no incrementals. */
function nextOfEach(schedule: Parameters<typeof nextSlots>[0], after: number) {
  const full = nextSlot({ ...schedule, incrementalHours: 0 }, after);
  return { fullAt: full.at, incrementalAt: nextSlots(schedule, after, 2).find(({ kind }) => kind === 'incremental')?.at };
}

/** What operators query by. */
export function describeForSearch(memory: PolicyMemory) {
  const { settings, failures } = memory;
  return [
    { key: searchAttributes.status, value: policyStatus(memory) },
    { key: searchAttributes.failures, value: failures.consecutive },
    { key: searchAttributes.owner, value: settings?.ownerId ?? null },
  ];
}

/** Markdown, for the Web UI. */
export function describeForOperators(memory: PolicyMemory): string {
  const { settings, failures, trouble, attached, operations, databaseNames } = memory;
  const [status, lastError] = [policyStatus(memory), policyError(memory)];
  if (settings === null) return trouble ?? 'Starting';
  const name = (databaseId: string): string => databaseNames[databaseId] ?? databaseId;
  return [
    `**${settings.name}** is ${status}${lastError === null ? '' : `: ${lastError}`}`,
    ...(failures.consecutive === 0 ? [] : [`Failed backups in a row: ${failures.consecutive}`]),
    `Next: ${describeSlot(nextSlot(settings.schedule, memory.handledUntil))}`,
    `Attached: ${attached.length === 0 ? 'none' : attached.map(name).join(', ')}`,
    ...(trouble === null ? [] : [`Trouble: ${trouble}`]),
    ...Object.values(operations).map(({ databaseId, work }) => `- ${name(databaseId)}: ${describeRunning(work)}`),
  ].join('\n\n');
}

/** "full backup at 2026-11-22T02:00:00.000Z" */
export function describeSlot({ kind, at }: Slot): string {
  return `${kind} backup at ${new Date(at).toISOString()}`;
}
