import { startChild } from '@temporalio/workflow';
import { logsWorkflowId } from '#domain/names.ts';
import { archiveLogs } from './archive-logs.ts';
import { isAlreadyStarted } from './failures.ts';
import type { LogsReport } from './messages.ts';
import { type LogClock, noteNotice, type PolicyMemory } from './policy-state.ts';
import { abandoned, catalogue } from './proxies.ts';

const MINUTE = 60_000;

/** Takes over how often the logs of which databases are looked after; what is new begins with a whole interval. */
export function noteLogMinutes(memory: PolicyMemory, logMinutes: Readonly<Record<string, number>>, now: number): void {
  const clocks = Object.entries(logMinutes).map(([databaseId, minutes]): [string, LogClock] => {
    const known = memory.logClocks[databaseId] ?? { startedAt: now, isRunning: false, trouble: null };
    return [databaseId, { ...known, everyMs: minutes * MINUTE }];
  });
  memory.logClocks = Object.fromEntries(clocks);
}

/** When the logs of a database are due next; undefined while something is done to it that keeps them out. A backup does not. */
function dueAt({ operations, attached }: PolicyMemory, databaseId: string, { startedAt, everyMs }: LogClock): number | undefined {
  const work = operations[databaseId]?.work.kind;
  return attached.includes(databaseId) && (work === undefined || work === 'backup') ? startedAt + everyMs : undefined;
}

/** Infinity when there are none. */
export function nextLogsAt(memory: PolicyMemory): number {
  return Math.min(...Object.entries(memory.logClocks).map(([databaseId, clock]) => dueAt(memory, databaseId, clock) ?? Infinity));
}

/** The workflow id keeps a second one out, also one that a backup has begun; what is found running is left to itself. */
export async function startDueLogs(policyId: string, memory: PolicyMemory, now: number, wake: () => void): Promise<void> {
  for (const [databaseId, clock] of Object.entries(memory.logClocks)) {
    const at = dueAt(memory, databaseId, clock);
    if (at === undefined || at > now) continue;
    clock.startedAt = now;
    const databaseName = memory.databaseNames[databaseId] ?? databaseId;
    try {
      const child = await startChild(archiveLogs, {
        ...abandoned,
        workflowId: logsWorkflowId(databaseId),
        staticSummary: `Logs of ${databaseName}`,
        args: [{ policyId, databaseId, databaseName, scheduled: { isTroubled: clock.trouble !== null } }],
      });
      clock.isRunning = true;
      const free = (): void => {
        noteIdleLogs(memory, databaseId);
        wake();
      };
      // What it found, it tells by a signal, which also reaches the policy's next run.
      child.result().then(free, free);
    } catch (error) {
      if (!isAlreadyStarted(error)) throw error;
    }
  }
}

/**
 * What was found missing is told once, and asks for a full, which opens a new window. What keeps the logs from being archived is
 * told when it begins, not at every try.
 */
export function noteLogsReport(memory: PolicyMemory, { databaseId, runId, found, open, error }: LogsReport): void {
  const clock = memory.logClocks[databaseId];
  if (clock === undefined) return;
  if (error !== undefined && clock.trouble === null)
    noteNotice(memory, databaseId, {
      kind: 'pitr-gap',
      ...error,
      message: `logs are not archived: ${error.message}`,
      event: `logs-${runId}`,
    });
  clock.trouble = error?.message ?? null;
  for (const [index, message] of found.entries())
    noteNotice(memory, databaseId, { kind: 'pitr-gap', message, event: `pitr-gap-${runId}-${index}` });
  if (found.length > 0 && open.length > 0 && !memory.reopening.includes(databaseId)) memory.reopening.push(databaseId);
}

/** What was begun by the policy's run before this one, or was terminated. */
export async function freeLostLogs(memory: PolicyMemory): Promise<void> {
  const databaseIds = runningLogs(memory);
  if (databaseIds.length === 0) return;
  for (const databaseId of await catalogue('Look for log archiving that was terminated').findIdleLogs({ databaseIds })) {
    noteIdleLogs(memory, databaseId);
  }
}

function noteIdleLogs({ logClocks }: PolicyMemory, databaseId: string): void {
  const clock = logClocks[databaseId];
  if (clock !== undefined) clock.isRunning = false;
}

export function runningLogs({ logClocks }: PolicyMemory): string[] {
  return Object.entries(logClocks).flatMap(([databaseId, { isRunning }]) => (isRunning ? [databaseId] : []));
}
