import type { TaskKind } from '#domain/states.ts';

/** What a task is called. */
export const taskWords: Readonly<Record<TaskKind, string>> = {
  attach: 'Attach',
  detach: 'Detach',
  backup: 'Backup',
  restore: 'Restore',
  retention: 'Retention',
  delete: 'Deletion of backups',
  check: 'Connection check',
  configure: 'Configuration of log archiving',
};
