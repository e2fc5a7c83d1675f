import type { Client } from './client.ts';
import { CommandError } from './failures.ts';
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

/** What every command ends with that has begun a task. Throws `failed` when a watched task fails, `unknown` when it is lost from sight. */
export async function tellBegun(invocation: Invocation, client: Client, begun: Begun, options: BeginOptions): Promise<void> {
  const { taskId, what, answer } = begun;
  const { output, errors } = invocation.terminal;
  if (options.watch === true) {
    // the one document of --json stands alone
    writeLine(options.json === true ? errors : output, `${what} has begun: task ${taskId}`);
    return followToEnd(invocation, client, taskId, { ...options, hasBegun: true });
  }
  if (options.json === true) return writeJson(output, answer);
  writeLine(output, `${what} has begun: task ${taskId}`);
  writeLine(output, `Follow it with: tidemark tasks watch ${taskId}`);
}

interface FollowOptions {
  readonly json?: true;
  /** By this very command. */
  readonly hasBegun?: boolean;
}

/** With `json` the task as it ended is all that is printed. Throws `failed` when it does not end well. */
export async function followToEnd({ terminal }: Invocation, client: Client, taskId: string, options: FollowOptions): Promise<void> {
  const { json, hasBegun = false } = options;
  const { output } = terminal;
  const watched = watchTask(client, taskId, { stream: json === true ? undefined : output, isKnown: hasBegun });
  const task = await watched.catch((error: unknown) => {
    throw hasBegun && error instanceof CommandError ? lostFromSight(taskId, error) : error;
  });
  if (json === true) writeJson(output, task);
  requireCompleted(task);
  const took = task.startedAt === null ? '' : ` in ${durationText(secondsTaken(task))}`;
  if (json !== true) writeLine(output, paint(output, 'green', `The ${task.kind} is completed${took}.`));
}

/** It goes on all the same: a script must not take it for one that was never begun. */
function lostFromSight(taskId: string, cause: CommandError): CommandError {
  const hint = `See how it ended: tidemark tasks watch ${taskId}`;
  return new CommandError('unknown', `the task ${taskId} has begun, and cannot be followed: ${cause.message}`, { hint, cause });
}
