import { type Command, Option } from 'commander';
import { taskKinds, taskStatuses } from '#domain/states.ts';
import type { Database, Policy, Task } from './answers.ts';
import { followToEnd } from './begun.ts';
import { ask, askForAll, type Client } from './client.ts';
import { findClient } from './credentials.ts';
import { durationText, secondsTaken, timeText } from './figures.ts';
import { findDatabase, findPolicy } from './find.ts';
import { addExamples, jsonFlag, limitOption } from './help.ts';
import type { Invocation } from './invocation.ts';
import { type Column, writeFacts, writeJson, writeTable } from './output.ts';

interface ListOptions {
  readonly database?: string;
  readonly policy?: string;
  readonly kind?: string;
  readonly status?: string;
  readonly limit?: number;
  readonly json?: true;
}

export function addTaskCommands(program: Command, invocation: Invocation): void {
  const tasks = program
    .command('tasks')
    .description('list the tasks, newest first; or show or watch one')
    .option('--database <database>', 'of one database, by name or id')
    .option('--policy <policy>', 'of one policy, by name or id')
    .addOption(new Option('--kind <kind>', 'of one kind').choices(taskKinds))
    .addOption(new Option('--status <status>', 'in one status').choices(taskStatuses))
    .addOption(limitOption())
    .option(...jsonFlag)
    .action((options: ListOptions) => list(invocation, options));
  addExamples(tasks, ['tidemark tasks --status running', 'tidemark tasks --database orders-db --kind backup --limit 20']);

  const show = tasks
    .command('show <id>')
    .description('show one task')
    .option(...jsonFlag)
    .action((id: string, options: { json?: true }) => showOne(invocation, id, options));
  addExamples(show, ['tidemark tasks show 4d5b1c0e-7b7a-4d0e-9a51-0f6f2f3f9a11']);

  const watch = tasks
    .command('watch <id>')
    .description('follow a task to its end; the exit code is 1 when it does not end well')
    .option(...jsonFlag)
    .action((id: string, options: { json?: true }) => watchOne(invocation, id, options));
  addExamples(watch, ['tidemark tasks watch 4d5b1c0e-7b7a-4d0e-9a51-0f6f2f3f9a11']);
}

async function list(invocation: Invocation, { database, policy, limit, json, ...filter }: ListOptions): Promise<void> {
  const client = await findClient(invocation.surroundings);
  const { output } = invocation.terminal;
  const databaseId = database === undefined ? undefined : (await findDatabase(client, database)).id;
  const policyId = policy === undefined ? undefined : (await findPolicy(client, policy)).id;
  const found = await askForAll<Task>(client, '/tasks', { ...filter, databaseId, policyId }, limit);
  if (json === true) return writeJson(output, found);
  const names = await namesOf(client, found.items);
  const columns: Column<Task>[] = [
    { title: 'ID', text: ({ id }) => id },
    { title: 'KIND', text: ({ kind }) => kind },
    { title: 'OF', text: (task) => subjectOf(task, names) },
    { title: 'STATUS', text: ({ status }) => status },
    { title: 'PHASE', text: ({ phase, progress }) => `${phase ?? '-'}${progress === null ? '' : ` ${progress.percent.toFixed(1)} %`}` },
    { title: 'CREATED', text: ({ createdAt }) => timeText(createdAt) },
    { title: 'TOOK', text: (task) => durationText(secondsTaken(task)) },
  ];
  writeTable(output, columns, found.items, 'No tasks.');
}

async function showOne(invocation: Invocation, id: string, { json }: { json?: true }): Promise<void> {
  const client = await findClient(invocation.surroundings);
  const { output } = invocation.terminal;
  const task = await ask<Task>(client, 'GET', `/tasks/${encodeURIComponent(id)}`);
  if (json === true) return writeJson(output, task);
  const { error } = task;
  writeFacts(output, [
    ['task', task.id],
    ['kind', task.kind],
    ['of', subjectOf(task, await namesOf(client, [task]))],
    ['status', task.status],
    ['phase', task.phase ?? '-'],
    ['progress', task.progress === null ? '-' : `${task.progress.percent.toFixed(1)} %`],
    ['created', timeText(task.createdAt)],
    ['started', timeText(task.startedAt)],
    ['ended', timeText(task.endedAt)],
    ['took', durationText(secondsTaken(task))],
    ['workflow', task.workflowId ?? '-'],
    ...(error === null ? [] : ([['error', `${error.message} (${error.code})`] as const, ['hint', error.hint] as const] as const)),
  ]);
}

async function watchOne(invocation: Invocation, id: string, options: { json?: true }): Promise<void> {
  await followToEnd(invocation, await findClient(invocation.surroundings), id, options);
}

/** By id, of what tasks belong to. */
async function namesOf(client: Client, tasks: readonly Task[]): Promise<ReadonlyMap<string, string>> {
  const databases = tasks.some(({ databaseId }) => databaseId !== null)
    ? await askForAll<Database>(client, '/databases', {})
    : { items: [] };
  const hasOthers = tasks.some(({ databaseId, policyId }) => databaseId === null && policyId !== null);
  const policies = hasOthers ? await askForAll<Policy>(client, '/policies', {}) : { items: [] };
  return new Map([...databases.items, ...policies.items].map(({ id, name }) => [id, name]));
}

/** The id of what is not there any more. */
function subjectOf({ databaseId, policyId }: Task, names: ReadonlyMap<string, string>): string {
  const id = databaseId ?? policyId;
  return id === null ? '-' : (names.get(id) ?? id);
}
