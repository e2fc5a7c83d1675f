import { startChild } from '@temporalio/workflow';
import type { Failure, LogGaps } from '#activities/activities.ts';
import { logsWorkflowId, searchAttributes } from '#domain/names.ts';
import { archiveLogs } from './archive-logs.ts';
import { failureOf, isAlreadyStarted, wasTerminated } from './failures.ts';
import { type LogClock, noteNotice, type PolicyMemory } from './policy-state.ts';
import { abandoned } from './proxies.ts';

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

/**
 * The workflow id keeps a second one out, also one that a backup has begun; what is found running is left to itself. How each ends
 * is noted by this run of the policy, which therefore does not end before.
 */
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
        typedSearchAttributes: [{ key: searchAttributes.database, value: databaseId }],
        args: [{ policyId, databaseId, databaseName }],
      });
      clock.isRunning = true;
      void noteEnd(memory, { databaseId, runId: child.firstExecutionRunId }, child.result()).then(wake);
    } catch (error) {
      if (!isAlreadyStarted(error)) throw error;
    }
  }
}

async function noteEnd(memory: PolicyMemory, of: { databaseId: string; runId: string }, result: Promise<LogGaps>): Promise<void> {
  const outcome = await result.then(
    (gaps) => ({ gaps }),
    (error: unknown) => ({ error }),
  );
  const clock = memory.logClocks[of.databaseId];
  if (clock === undefined) return;
  clock.isRunning = false;
  if ('gaps' in outcome) noteGaps(memory, of, outcome.gaps);
  else if (!wasTerminated(outcome.error)) noteTrouble(memory, of, failureOf(outcome.error));
}

/** What was found missing is told once, and asks for a full, which opens a new window. */
function noteGaps(memory: PolicyMemory, { databaseId, runId }: { databaseId: string; runId: string }, { open, found }: LogGaps): void {
  setTrouble(memory, databaseId, null);
  for (const [index, message] of found.entries())
    noteNotice(memory, databaseId, { kind: 'pitr-gap', message, event: `pitr-gap-${runId}-${index}` });
  if (found.length > 0 && open.length > 0 && !memory.reopening.includes(databaseId)) memory.reopening.push(databaseId);
}

/** What keeps the logs from being archived is told when it begins, not at every try. */
function noteTrouble(memory: PolicyMemory, { databaseId, runId }: { databaseId: string; runId: string }, { code, message }: Failure): void {
  const isNew = memory.logClocks[databaseId]?.trouble === null;
  setTrouble(memory, databaseId, message);
  if (isNew)
    noteNotice(memory, databaseId, { kind: 'pitr-gap', code, message: `logs are not archived: ${message}`, event: `logs-${runId}` });
}

function setTrouble({ logClocks }: PolicyMemory, databaseId: string, trouble: string | null): void {
  const clock = logClocks[databaseId];
  if (clock !== undefined) clock.trouble = trouble;
}

export function isArchiving({ logClocks }: PolicyMemory): boolean {
  return Object.values(logClocks).some(({ isRunning }) => isRunning);
}
