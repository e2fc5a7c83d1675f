import type { TaskKind } from '#domain/states.ts';

/** Which counts logs; the others count bytes. */
export const recovering = 'Recovering up to the target in private';

const backup = ['Backing up', 'Checking the log archive'];

/** The phases that a task of a kind goes through, in order, by the names that its steps give them. */
export const phasesOf: Readonly<Record<TaskKind, readonly string[]>> = {
  check: ['Checking the connection'],
  attach: ['Installing backup tools', 'Configuring log archiving', ...backup],
  backup,
  restore: [
    'Planning',
    'Looking at disk, tools and backup',
    'Building the data directory beside the running one',
    recovering,
    'Exchanging the data directories',
    'Cleaning up',
    'Configuring log archiving',
    ...backup,
  ],
  detach: ['Turning log archiving off'],
  retention: ['Removing what is not kept'],
  delete: ['Removing what is not kept'],
  configure: ['Configuring log archiving', ...backup],
};
