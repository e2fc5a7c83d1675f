import { type Command, Option } from 'commander';
import { databaseStatuses, engineNames } from '#domain/states.ts';
import type { Database } from './answers.ts';
import { askForAll } from './client.ts';
import { findClient } from './credentials.ts';
import { timeText } from './figures.ts';
import { findDatabase } from './find.ts';
import { addExamples, jsonFlag, limitOption } from './help.ts';
import type { Invocation } from './invocation.ts';
import { type Column, hasSeveralOwners, writeFacts, writeJson, writeTable } from './output.ts';

interface ListOptions {
  readonly engine?: string;
  readonly status?: string;
  readonly attached?: true;
  readonly unattached?: true;
  readonly search?: string;
  readonly owner?: string;
  readonly sort?: string;
  readonly limit?: number;
  readonly json?: true;
}

export function addDatabaseCommands(program: Command, invocation: Invocation): void {
  const databases = program
    .command('databases')
    .description('list the databases, or show one')
    .addOption(new Option('--engine <engine>', 'of one engine').choices(engineNames))
    .addOption(new Option('--status <status>', 'in one status').choices(databaseStatuses))
    .addOption(new Option('--attached', 'under a policy').conflicts('unattached'))
    .option('--unattached', 'under no policy')
    .option('--search <text>', 'whose name or host holds this')
    .option('--owner <id>', 'of one user, by id (admins)')
    .addOption(new Option('--sort <order>', 'in this order').choices(['name', '-name', 'createdAt', '-createdAt']))
    .addOption(limitOption())
    .option(...jsonFlag)
    .action((options: ListOptions) => list(invocation, options));
  addExamples(databases, [
    'tidemark databases',
    'tidemark databases --engine mysql --status error',
    'tidemark databases --unattached --json',
  ]);

  const show = databases
    .command('show <database>')
    .description('show one database, by name or id')
    .option(...jsonFlag)
    .action((name: string, options: { json?: true }) => showOne(invocation, name, options));
  addExamples(show, ['tidemark databases show orders-db', 'tidemark databases show 7d9f3c52-55a3-4a5e-8c44-4a4a53a2f0f4 --json']);
}

async function list({ terminal, surroundings }: Invocation, options: ListOptions): Promise<void> {
  const { attached, unattached, owner, limit, json, ...filter } = options;
  const isAttached = attached ?? (unattached === true ? false : undefined);
  const client = await findClient(surroundings);
  const found = await askForAll<Database>(client, '/databases', { ...filter, isAttached, ownerId: owner }, limit);
  if (json === true) return writeJson(terminal.output, found);
  const columns: Column<Database>[] = [
    { title: 'NAME', text: ({ name }) => name },
    ...(hasSeveralOwners(found.items) ? [{ title: 'OWNER', text: ({ ownerId }: Database) => ownerId }] : []),
    { title: 'ENGINE', text: engineText },
    { title: 'HOST', text: hostText },
    { title: 'ROLE', text: ({ role }) => role },
    { title: 'STATUS', text: ({ status }) => status },
    { title: 'POLICY', text: ({ attachment }) => attachment?.policyName ?? '-' },
    { title: 'PITR', text: ({ attachment }) => attachment?.pitrStatus ?? '-' },
    { title: 'LAST BACKUP', text: lastBackupText },
  ];
  writeTable(terminal.output, columns, found.items, 'No databases.');
}

async function showOne({ terminal, surroundings }: Invocation, name: string, { json }: { json?: true }): Promise<void> {
  const database = await findDatabase(await findClient(surroundings), name);
  if (json === true) return writeJson(terminal.output, database);
  const { attachment } = database;
  writeFacts(terminal.output, [
    ['database', database.name],
    ['id', database.id],
    ['owner', database.ownerId],
    ['engine', engineText(database)],
    ['host', hostText(database)],
    ['ssh', `${database.sshUser}, port ${database.sshPort}`],
    ['host key', database.hostKeyFingerprint ?? '-'],
    ['role', database.primaryId === null ? database.role : `${database.role} of ${database.primaryId}`],
    ['status', database.statusMessage === null ? database.status : `${database.status}: ${database.statusMessage}`],
    ['checked', timeText(database.checkedAt)],
    ['policy', attachment?.policyName ?? '-'],
    ['pitr', attachment === null ? '-' : `${attachment.pitrStatus}${attachment.pitrMessage === null ? '' : `: ${attachment.pitrMessage}`}`],
    ['last backup', lastBackupText(database)],
    ['overdue since', timeText(attachment?.overdueSince ?? null)],
    ['registered', timeText(database.createdAt)],
  ]);
}

function engineText({ engine, version }: Database): string {
  return version === null ? engine : `${engine} ${version}`;
}

function hostText({ host, port }: Database): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function lastBackupText({ attachment }: Database): string {
  const overdue = attachment?.overdueSince == null ? '' : ', overdue';
  return `${timeText(attachment?.lastSuccessAt ?? null)}${overdue}`;
}
