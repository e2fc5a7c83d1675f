import { type Command, Option } from 'commander';
import { backupKinds, backupStatuses } from '#domain/states.ts';
import type { Backup, Task } from './answers.ts';
import { type BeginOptions, tellBegun, watchFlag } from './begun.ts';
import { askOnce } from './change.ts';
import { askForAll } from './client.ts';
import { findClient } from './credentials.ts';
import { sizeText, timeText } from './figures.ts';
import { findDatabase } from './find.ts';
import { addExamples, jsonFlag, limitOption } from './help.ts';
import type { Invocation } from './invocation.ts';
import { type Column, writeJson, writeTable } from './output.ts';

interface ListOptions {
  readonly kind?: string;
  readonly status?: string;
  readonly limit?: number;
  readonly json?: true;
}

interface BackupOptions extends BeginOptions {
  readonly kind: string;
}

export function addBackupCommands(program: Command, invocation: Invocation): void {
  const backups = program
    .command('backups <database>')
    .description("list a database's backups, newest first")
    .addOption(new Option('--kind <kind>', 'of one kind').choices(backupKinds))
    .addOption(new Option('--status <status>', 'in one status').choices(backupStatuses))
    .addOption(limitOption())
    .option(...jsonFlag)
    .action((database: string, options: ListOptions) => list(invocation, database, options));
  addExamples(backups, ['tidemark backups orders-db', 'tidemark backups orders-db --status completed --kind full --limit 1 --json']);

  const backup = program
    .command('backup <database>')
    .description('take a backup now')
    .addOption(
      new Option('--kind <kind>', 'an incremental becomes a full where it has nothing to build on').choices(backupKinds).default('full'),
    )
    .option(...watchFlag)
    .option(...jsonFlag)
    .action((database: string, options: BackupOptions) => backUp(invocation, database, options));
  addExamples(backup, ['tidemark backup orders-db --watch', 'tidemark backup orders-db --kind incremental --json']);
}

async function list({ terminal, surroundings }: Invocation, name: string, { limit, json, ...filter }: ListOptions): Promise<void> {
  const client = await findClient(surroundings);
  const database = await findDatabase(client, name);
  const found = await askForAll<Backup>(client, `/databases/${database.id}/backups`, filter, limit);
  if (json === true) return writeJson(terminal.output, found);
  const columns: Column<Backup>[] = [
    { title: 'ID', text: ({ id }) => id },
    { title: 'KIND', text: ({ kind }) => kind },
    { title: 'STATUS', text: ({ status }) => status },
    { title: 'CONSISTENT AT', text: ({ consistentAt }) => timeText(consistentAt) },
    { title: 'SIZE', isNumber: true, text: ({ sizeBytes }) => sizeText(sizeBytes) },
    { title: 'STORED', isNumber: true, text: ({ storedBytes }) => sizeText(storedBytes) },
    { title: 'ERROR', text: ({ error }) => error?.message ?? '' },
  ];
  writeTable(terminal.output, columns, found.items, `No backups of ${database.name}.`);
}

async function backUp(invocation: Invocation, name: string, { kind, ...options }: BackupOptions): Promise<void> {
  const client = await findClient(invocation.surroundings);
  const database = await findDatabase(client, name);
  const task = await askOnce<Task>(client, `/databases/${database.id}/backups`, { kind });
  await tellBegun(invocation, client, { taskId: task.id, what: `A backup of ${database.name}`, answer: task }, options);
}
