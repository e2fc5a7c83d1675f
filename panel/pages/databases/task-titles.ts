import type { TaskKind } from '#domain/states.ts';

export const taskTitles: Readonly<Record<TaskKind, string>> = {
  attach: 'Attaching to the policy',
  detach: 'Detaching from the policy',
  backup: 'Backup',
  restore: 'Restore',
  retention: 'Daily retention',
  delete: 'Deletion of backups',
  check: 'Check of the connection',
  configure: 'PITR configuration',
};
