import type { TaskRef } from '#activities/activities.ts';
import { release } from './attach-database.ts';
import { runOperation } from './operation.ts';

/** Takes a database out of its policy; its backups stay. When its host cannot be cleaned it stays attached, so that it can be tried again. */
export async function detachDatabase(input: TaskRef): Promise<void> {
  await runOperation('detach', 'Detach', input, release);
}
