import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CreatedRestore, Database, Interval, RecoveryWindow, RestorePlan } from './answers.ts';
import { type BeginOptions, tellBegun, watchFlag } from './begun.ts';
import { askOnce } from './change.ts';
import { ask, type Client } from './client.ts';
import { findClient } from './credentials.ts';
import { CommandError } from './failures.ts';
import { durationText, parseTime, sizeText, timeText } from './figures.ts';
import { findDatabase } from './find.ts';
import { addExamples, jsonFlag } from './help.ts';
import type { Invocation, Output, Terminal } from './invocation.ts';
import { plain, writeFacts, writeJson, writeTable } from './output.ts';
import { askLine } from './prompt.ts';

const SECOND_MS = 1_000;

interface Target {
  readonly to?: string;
  readonly backup?: string;
}

interface PlanOptions extends Target {
  readonly json?: true;
}

interface RestoreOptions extends Target, BeginOptions {
  readonly confirm?: string;
}

export function addRestoreCommands(program: Command, invocation: Invocation): void {
  const windowCommand = program
    .command('window <database>')
    .description('show to which times a database can be restored, and why not to others')
    .option(...jsonFlag)
    .action((name: string, options: { json?: true }) => showWindow(invocation, name, options));
  addExamples(windowCommand, ['tidemark window orders-db']);

  const plan = withTarget(program.command('plan <database>'))
    .description('show what a restore would do, need and take; nothing is begun')
    .option(...jsonFlag)
    .action((name: string, options: PlanOptions) => showPlan(invocation, name, options));
  addExamples(plan, ["tidemark plan orders-db --to '2026-11-22 21:50:11 UTC'"]);

  const restoreCommand = withTarget(program.command('restore <database>'))
    .description('bring a database back to a time or a backup: ALL ITS DATA IS OVERWRITTEN. Needs a token of scope full')
    .option('--confirm <name>', "the database's name, instead of being asked for it")
    .option(...watchFlag)
    .option(...jsonFlag)
    .action((name: string, options: RestoreOptions) => restore(invocation, name, options));
  addExamples(restoreCommand, [
    'tidemark restore orders-db --to 2026-11-22T21:50:11Z --watch',
    'tidemark restore orders-db --backup 0c7bb2a4-5c0f-4b0e-9f1c-9c2f4c0d7a61 --confirm orders-db --watch',
  ]);
}

function withTarget(command: Command): Command {
  return command
    .addOption(
      new Option('--to <time>', 'everything committed before this second; such as 2026-11-22T21:50:11Z')
        .argParser(parseTarget)
        .conflicts('backup'),
    )
    .option('--backup <id>', 'exactly this backup (see `tidemark backups`)');
}

function parseTarget(text: string): string {
  const time = parseTime(text);
  if (time === undefined) throw new InvalidArgumentError('It must be a time to the second with its zone, such as 2026-11-22T21:50:11Z.');
  return time;
}

async function showWindow({ terminal, surroundings }: Invocation, name: string, { json }: { json?: true }): Promise<void> {
  const client = await findClient(surroundings);
  const database = await findDatabase(client, name);
  const found = await ask<RecoveryWindow>(client, 'GET', `/databases/${database.id}/recovery-window`);
  if (json === true) return writeJson(terminal.output, found);
  const columns = [
    { title: 'FIRST SECOND', text: ({ first }: Stretch) => timeText(new Date(first).toISOString()) },
    { title: 'LAST SECOND', text: ({ last }: Stretch) => timeText(new Date(last).toISOString()) },
    { title: '', text: ({ words }: Stretch) => words },
  ];
  writeTable(terminal.output, columns, stretchesOf(found), `${database.name} cannot be restored to a time: ${found.reason ?? 'no logs'}.`);
}

/** Whole seconds, as a target is one. */
interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly words: string;
}

/** What can be restored and what not, in the order of time; what holds no whole second is left out. */
function stretchesOf({ intervals, holes }: RecoveryWindow): Stretch[] {
  return [
    ...intervals.map((interval) => ({ ...secondsOf(interval), words: 'restorable' })),
    ...holes.map((hole) => ({ ...secondsOf(hole), words: `hole: ${hole.reason}` })),
  ]
    .filter(({ first, last }) => first <= last)
    .toSorted((a, b) => a.first - b.first);
}

/** After `from`, and not after `to`. */
function secondsOf({ from, to }: Interval): Pick<Stretch, 'first' | 'last'> {
  const wholeBefore = (iso: string): number => Math.floor(Date.parse(iso) / SECOND_MS) * SECOND_MS;
  return { first: wholeBefore(from) + SECOND_MS, last: wholeBefore(to) };
}

async function showPlan({ terminal, surroundings }: Invocation, name: string, options: PlanOptions): Promise<void> {
  const client = await findClient(surroundings);
  const asked = requireTarget(options);
  const database = await findDatabase(client, name);
  const plan = await askForPlan(client, database, asked);
  if (options.json === true) writeJson(terminal.output, plan);
  else writePlan(terminal.output, database, asked, plan);
}

async function restore(invocation: Invocation, name: string, options: RestoreOptions): Promise<void> {
  const { terminal, surroundings } = invocation;
  const client = await findClient(surroundings);
  const asked = requireTarget(options);
  const database = await findDatabase(client, name);
  const plan = await askForPlan(client, database, asked);
  // the one document of --json stands alone
  writePlan(options.json === true ? terminal.errors : terminal.output, database, asked, plan);
  await confirm(terminal, database, options.confirm);
  const body = { ...asked, confirmName: database.name };
  const created = await askOnce<CreatedRestore>(client, `/databases/${database.id}/restores`, body);
  await tellBegun(invocation, client, { taskId: created.taskId, what: `The restore of ${database.name}`, answer: created }, options);
}

/** As the API wants it. */
type Asked = { readonly target: string } | { readonly backupId: string };

function requireTarget({ to, backup }: Target): Asked {
  if (to !== undefined) return { target: to };
  if (backup !== undefined) return { backupId: backup };
  throw new CommandError('wrongUse', 'say to what: --to TIME or --backup ID', {
    hint: '`tidemark window` shows the times, `tidemark backups` the backups.',
  });
}

async function askForPlan(client: Client, { id }: Database, asked: Asked): Promise<RestorePlan> {
  return ask(client, 'GET', `/databases/${id}/restore-plan`, { query: asked });
}

function writePlan(stream: Output, database: Database, asked: Asked, plan: RestorePlan): void {
  const to = 'target' in asked ? `everything committed before ${timeText(asked.target)}` : `the backup ${asked.backupId}`;
  const unknown = 'its newest logs are archived first; only then this can be told';
  const base = plan.chain.map(({ kind, consistentAt, sizeBytes }) => `${kind} of ${timeText(consistentAt)}, ${sizeText(sizeBytes)}`);
  const logs = plan.logs === null ? 'none' : `${plan.logs.pieces} pieces, ${sizeText(plan.logs.bytes)}`;
  const disk = plan.diskBytes === null ? 'not known' : `about ${sizeText(plan.diskBytes)} free on the host, beside the running database`;
  const time = plan.expectedSeconds === null ? 'not known' : `about ${durationText(plan.expectedSeconds)}`;
  writeFacts(stream, [
    ['database', `${database.name}, ${database.engine} on ${database.host}`],
    ['to', to],
    ['from', plan.isKnown ? base.join(', then ') : unknown],
    ['logs', plan.isKnown ? logs : unknown],
    ['disk', plan.isKnown ? disk : unknown],
    ['time', plan.isKnown ? time : unknown],
  ]);
}

async function confirm(terminal: Terminal, { name }: Database, given: string | undefined): Promise<void> {
  const question = `\nAll data of ${plain(name)} is overwritten. Type its name to go on: `;
  const answer = given ?? (await askLine(terminal, question));
  if (answer?.trim() === name) return;
  const what = answer === undefined ? 'the name of the database was not given' : `"${answer.trim()}" is not the name of the database`;
  throw new CommandError('wrongUse', `${what}: nothing was begun`, { hint: `Type "${name}" when asked, or give it as --confirm.` });
}
