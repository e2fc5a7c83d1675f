import type { Task } from '../../client/tasks.ts';
import { useNow } from '../../parts/now.ts';
import { durationWords } from '../../parts/time-words.ts';

/** How long a task took, or has been running. */
export function Took({ task: { startedAt, endedAt } }: { readonly task: Task }) {
  const now = useNow();
  if (startedAt === null) return '–';
  const words = durationWords((endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt));
  return endedAt === null ? `${words} so far` : words;
}
