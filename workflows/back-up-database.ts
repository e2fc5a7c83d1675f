import type { TaskRef } from '#activities/activities.ts';
import type { BackupKind } from '#domain/states.ts';
import { runOperation } from './operation.ts';
import { takeBackup } from './take-backup.ts';

export interface BackUpInput extends TaskRef {
  readonly kind: BackupKind;
}

export async function backUpDatabase(input: BackUpInput): Promise<void> {
  const title = input.kind === 'full' ? 'Full backup' : 'Incremental backup';
  await runOperation('backup', title, input, (operation) => takeBackup(operation, input.kind));
}
