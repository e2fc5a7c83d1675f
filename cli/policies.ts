import { type Command, Option } from 'commander';
import { policyStatuses } from '#domain/states.ts';
import type { Database, Policy, Task } from './answers.ts';
import { type BeginOptions, tellBegun, watchFlag } from './begun.ts';
import { askForRemoval, askOnce } from './change.ts';
import { askForAll } from './client.ts';
import { findClient } from './credentials.ts';
import { CommandError } from './failures.ts';
import { timeText } from './figures.ts';
import { findDatabase, findPolicy } from './find.ts';
import { addExamples, jsonFlag, limitOption } from './help.ts';
import type { Invocation } from './invocation.ts';
import { type Column, hasSeveralOwners, writeFacts, writeJson, writeTable } from './output.ts';

interface ListOptions {
  readonly status?: string;
  readonly search?: string;
  readonly owner?: string;
  readonly limit?: number;
  readonly json?: true;
}

export function addPolicyCommands(program: Command, invocation: Invocation): void {
  const policies = program
    .command('policies')
    .description('list the backup policies, or show one')
    .addOption(new Option('--status <status>', 'in one status').choices(policyStatuses))
    .option('--search <text>', 'whose name holds this')
    .option('--owner <id>', 'of one user, by id (admins)')
    .addOption(limitOption())
    .option(...jsonFlag)
    .action((options: ListOptions) => list(invocation, options));
  addExamples(policies, ['tidemark policies', 'tidemark policies --status paused']);

  const show = policies
    .command('show <policy>')
    .description('show one policy, by name or id')
    .option(...jsonFlag)
    .action((name: string, options: { json?: true }) => showOne(invocation, name, options));
  addExamples(show, ["tidemark policies show 'Production daily'"]);

  const attachCommand = program
    .command('attach <database> <policy>')
    .description('attach a database to a policy: log archiving is set up, and a full is taken at once')
    .option(...watchFlag)
    .option(...jsonFlag)
    .action((database: string, policy: string, options: BeginOptions) => attach(invocation, database, policy, options));
  addExamples(attachCommand, ["tidemark attach orders-db 'Production daily' --watch"]);

  const detachCommand = program
    .command('detach <database>')
    .description('detach a database from its policy; its backups stay')
    .option(...watchFlag)
    .option(...jsonFlag)
    .action((database: string, options: BeginOptions) => detach(invocation, database, options));
  addExamples(detachCommand, ['tidemark detach orders-db --watch']);
}

async function list({ terminal, surroundings }: Invocation, { owner, limit, json, ...filter }: ListOptions): Promise<void> {
  const client = await findClient(surroundings);
  const found = await askForAll<Policy>(client, '/policies', { ...filter, ownerId: owner }, limit);
  if (json === true) return writeJson(terminal.output, found);
  const columns: Column<Policy>[] = [
    { title: 'NAME', text: ({ name }) => name },
    ...(hasSeveralOwners(found.items) ? [{ title: 'OWNER', text: ({ ownerId }: Policy) => ownerId }] : []),
    { title: 'STATUS', text: ({ status }) => status },
    { title: 'SCHEDULE (UTC)', text: scheduleText },
    { title: 'PITR', text: ({ pitrEnabled }) => onOff(pitrEnabled) },
    { title: 'STORE', text: storeText },
    { title: 'FAILURES', isNumber: true, text: ({ consecutiveFailures }) => String(consecutiveFailures) },
    { title: 'NEXT', text: ({ nextSlots: [next] }) => (next === undefined ? '-' : `${next.kind} ${timeText(next.at)}`) },
  ];
  writeTable(terminal.output, columns, found.items, 'No policies.');
}

async function showOne({ terminal, surroundings }: Invocation, name: string, { json }: { json?: true }): Promise<void> {
  const policy = await findPolicy(await findClient(surroundings), name);
  if (json === true) return writeJson(terminal.output, policy);
  const { retention } = policy;
  writeFacts(terminal.output, [
    ['policy', policy.name],
    ['id', policy.id],
    ['owner', policy.ownerId],
    ['status', policy.status],
    ['failures', `${policy.consecutiveFailures} in a row`],
    ['last error', policy.lastError ?? '-'],
    ['store', `${storeText(policy)}, region ${policy.store.region}`],
    ['schedule', `${scheduleText(policy)} (UTC)`],
    ['retention', `${retention.fulls} fulls, incrementals ${retention.incrementalDays} days, logs ${retention.logHours} hours`],
    ['pitr', policy.pitrEnabled ? `on, logs archived every ${policy.logArchiveMinutes} min` : 'off'],
    ['encryption', onOff(policy.encryptionEnabled)],
    ['next', policy.nextSlots.map(({ at, kind }) => `${kind} ${timeText(at)}`).join(', ') || '-'],
    ['created', timeText(policy.createdAt)],
  ]);
}

async function attach(invocation: Invocation, databaseName: string, policyName: string, options: BeginOptions): Promise<void> {
  const client = await findClient(invocation.surroundings);
  const database = await findDatabase(client, databaseName);
  const policy = await findPolicy(client, policyName);
  const task = await askOnce<Task>(client, `/policies/${policy.id}/attachments`, { databaseId: database.id });
  await tellBegun(invocation, client, { taskId: task.id, what: `Attaching ${database.name} to ${policy.name}`, answer: task }, options);
}

async function detach(invocation: Invocation, databaseName: string, options: BeginOptions): Promise<void> {
  const client = await findClient(invocation.surroundings);
  const database = await findDatabase(client, databaseName);
  const { policyId, policyName } = requireAttachment(database);
  const task = await askForRemoval<Task>(client, `/policies/${policyId}/attachments/${database.id}`);
  await tellBegun(invocation, client, { taskId: task.id, what: `Detaching ${database.name} from ${policyName}`, answer: task }, options);
}

function requireAttachment({ name, attachment }: Database): NonNullable<Database['attachment']> {
  if (attachment === null) throw new CommandError('failed', `${name} is not attached to a policy`);
  return attachment;
}

function scheduleText({ schedule }: Policy): string {
  const { fullFrequency, fullDay, fullTime, incrementalHours } = schedule;
  const full = `full ${fullFrequency === 'weekly' ? `${fullDay}s` : fullFrequency} ${fullTime}`;
  return incrementalHours === 0 ? full : `${full}, incremental every ${incrementalHours} h`;
}

function storeText({ store }: Policy): string {
  return `${store.bucket}${store.prefix === '' ? '' : `/${store.prefix}`} at ${store.endpoint}`;
}

function onOff(isOn: boolean): string {
  return isOn ? 'on' : 'off';
}
