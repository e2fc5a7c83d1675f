import type { Client } from './client.ts';
import { durationText, secondsTaken } from './figures.ts';
import type { Invocation } from './invocation.ts';
import { paint, writeJson, writeLine } from './output.ts';
import { requireCompleted, watchTask } from './watch.ts';

export interface BeginOptions {
  readonly watch?: true;
  readonly json?: true;
}

export const watchFlag = ['--watch', 'follow the task to its end; the exit code is 1 when it does not end well'] as const;

interface Begun {
  readonly taskId: string;
  readonly what: string;
  /** What the API said. */
  readonly answer: unknown;
}

/** What every command ends with that has begun a task. Throws `failed` when a watched task fails. */
export async function tellBegun(invocation: Invocation, client: Client, begun: Begun, options: BeginOptions): Promise<void> {
  const { taskId, what, answer } = begun;
  const { output } = invocation.terminal;
  if (options.watch === true) return followToEnd(invocation, client, taskId, options);
  if (options.json === true) return writeJson(output, answer);
  writeLine(output, `${what} has begun: task ${taskId}`);
  writeLine(output, `Follow it with: tidemark tasks watch ${taskId}`);
}

/** With `json` the task as it ended is all that is printed. Throws `failed` when it does not end well. */
export async function followToEnd({ terminal }: Invocation, client: Client, taskId: string, { json }: BeginOptions): Promise<void> {
  const { output } = terminal;
  const task = await watchTask(client, taskId, json === true ? undefined : output);
  if (json === true) writeJson(output, task);
  requireCompleted(task);
  const took = task.startedAt === null ? '' : ` in ${durationText(secondsTaken(task))}`;
  if (json !== true) writeLine(output, paint(output, 'green', `The ${task.kind} is completed${took}.`));
}
