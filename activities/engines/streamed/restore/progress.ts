import type { LogPosition, ReplayPlan } from '../../binlog/replay-plan.ts';
import { relayName } from './replay-scripts.ts';

interface Progress {
  readonly done: number;
  readonly total: number;
}

/** Of fetching and replaying as one: a byte of the logs counts when it was fetched, and again when it was replayed. */
export function fetchProgress(plan: ReplayPlan, logs: number): Progress {
  return { done: sumOf(plan, logs), total: sumOf(plan) + replayBytes(plan) };
}

/** What is printed is the log that is being replayed, by its name as a relay log, and the position in it; undefined where it is none of the plan's. */
export function replayProgress(plan: ReplayPlan, printed: string): Progress | undefined {
  const [, name, position] = /^(relay\.\d+)\s+(\d+)$/m.exec(printed) ?? [];
  const record = plan.records.find(({ file }) => relayName(file) === name);
  if (record === undefined) return undefined;
  const replayed = offsetOf(plan, { file: record.file, position: Number(position) }) - offsetOf(plan, plan.start);
  const bytes = replayBytes(plan);
  return { done: sumOf(plan) + Math.min(Math.max(0, replayed), bytes), total: sumOf(plan) + bytes };
}

function replayBytes(plan: ReplayPlan): number {
  return offsetOf(plan, plan.end) - offsetOf(plan, plan.start);
}

function offsetOf(plan: ReplayPlan, { file, position }: LogPosition): number {
  return (
    sumOf(
      plan,
      plan.records.findIndex((record) => record.file === file),
    ) + position
  );
}

/** Of the first so many logs, or of all. */
function sumOf({ records }: ReplayPlan, logs: number = records.length): number {
  return records.slice(0, logs).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
