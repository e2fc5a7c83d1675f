import { setTimeout as sleep } from 'node:timers/promises';
import type { Task } from './answers.ts';
import { ask, type Client } from './client.ts';
import { CommandError } from './failures.ts';
import { durationText, instantText } from './figures.ts';
import type { Output } from './invocation.ts';
import { plain, writeLine } from './output.ts';

const POLL_MS = 1_000;
/** So long the API may be away, as when it is started anew. */
const PATIENCE_MS = 60_000;
const PHASE_WIDTH = 30;
const BAR_WIDTH = 30;
const USUAL_WIDTH = 80;
/** Of lines that are not overwritten. */
const STEP_PERCENT = 10;

/** What is shown of a task while it runs. */
interface Display {
  show(task: Task): void;
  /** After it nothing is shown. */
  close(): void;
}

interface WatchOptions {
  /** Without it nothing is shown. */
  readonly stream: Output | undefined;
  /** That there is such a task, and an API that has just answered. */
  readonly isKnown: boolean;
}

/** Returns the task once it has ended, well or not. */
export async function watchTask(client: Client, id: string, { stream, isKnown }: WatchOptions): Promise<Task> {
  const display = createDisplay(stream);
  try {
    // a task that was never seen is not waited for
    let lastSeenAt = isKnown ? Date.now() : 0;
    for (;;) {
      const task = await lookAt(client, id, lastSeenAt);
      if (task !== undefined) {
        lastSeenAt = Date.now();
        display.show(task);
        if (task.endedAt !== null) return task;
      }
      await sleep(POLL_MS);
    }
  } finally {
    display.close();
  }
}

/** Throws `failed`, with the task's own error and hint, unless it ended well. */
export function requireCompleted(task: Task): void {
  if (task.status === 'completed') return;
  const { message, hint } = task.error ?? { message: `the ${task.kind} ended as ${task.status}`, hint: undefined };
  throw new CommandError('failed', message, { hint });
}

/** undefined when the API is away, but not yet for too long. */
async function lookAt(client: Client, id: string, lastSeenAt: number): Promise<Task | undefined> {
  try {
    return await ask<Task>(client, 'GET', `/tasks/${encodeURIComponent(id)}`);
  } catch (error) {
    const mayReturn = error instanceof CommandError && error.isPassing && Date.now() - lastSeenAt < PATIENCE_MS;
    if (mayReturn) return undefined;
    throw error;
  }
}

function createDisplay(stream: Output | undefined): Display {
  if (stream === undefined) return { show: () => undefined, close: () => undefined };
  return stream.isTTY === true ? createBars(stream) : createLines(stream);
}

/** A bar for each phase; the last one is drawn over. */
function createBars(stream: Output): Display {
  let phase: string | undefined;
  let phaseBegan = Date.now();
  return {
    show(task) {
      if (phaseOf(task) !== phase) {
        if (phase !== undefined) writeLine(stream);
        [phase, phaseBegan] = [phaseOf(task), Date.now()];
      }
      const line = [phase.padEnd(PHASE_WIDTH), barOf(task), task.endedAt === null ? durationText((Date.now() - phaseBegan) / 1000) : '']
        .filter((part) => part !== '')
        .join('  ');
      // over the line before
      stream.write(`\r\u001B[K${line.trimEnd().slice(0, (stream.columns || USUAL_WIDTH) - 1)}`);
    },
    close() {
      if (phase !== undefined) writeLine(stream);
    },
  };
}

/** A line for each phase, and for every tenth of it. */
function createLines(stream: Output): Display {
  let shown = '';
  return {
    show(task) {
      const step =
        task.progress === null || task.endedAt !== null ? '' : `${Math.floor(task.progress.percent / STEP_PERCENT) * STEP_PERCENT} %`;
      const words = [phaseOf(task), step].filter((part) => part !== '').join('  ');
      if (words === shown) return;
      shown = words;
      writeLine(stream, `${instantText(Date.now())}  ${words}`);
    },
    close: () => undefined,
  };
}

function phaseOf(task: Task): string {
  if (task.endedAt !== null) return task.status;
  return plain(task.phase ?? (task.status === 'queued' ? 'queued' : 'begun'));
}

function barOf({ progress, endedAt }: Task): string {
  if (progress === null || endedAt !== null) return '';
  const full = Math.round((progress.percent / 100) * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}] ${progress.percent.toFixed(1).padStart(5)} %`;
}
