import type { TaskKind } from '#domain/states.ts';

/** Which counts in a unit of the engine, so that only its percentage tells something; the others count bytes. */
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
  // a backup only where one is needed, and the logs are checked after it once more
  configure: ['Installing backup tools', 'Configuring log archiving', 'Checking the log archive', 'Backing up'],
};

/** Which also come after a failure, to take back what was done: they do not tell what has gone before them. */
export const undoing: ReadonlySet<string> = new Set(['Cleaning up', 'Putting the former data back', 'Turning log archiving off']);

/** The one of a policy's deletion, which is of no database. */
const ofPolicyDeletion = ['Removing the backups'];

export interface PhasedTask {
  readonly kind: TaskKind;
  readonly status: string;
  readonly phase: string | null;
  readonly databaseId: string | null;
}

interface Step {
  readonly phase: string;
  readonly state: 'done' | 'at' | 'failed' | 'open';
}

/** What can be said for certain of a task's phases: done is only what is known to have been gone through. */
export function stepsOf({ kind, status, phase, databaseId }: PhasedTask): readonly Step[] {
  const planned = kind === 'delete' && databaseId === null ? ofPolicyDeletion : phasesOf[kind];
  const at = planned.indexOf(phase ?? '');
  if (status === 'failed') return phase === null ? [] : [{ phase, state: undoing.has(phase) ? 'at' : 'failed' }];
  if (status === 'completed') return planned.slice(0, at + 1).map((name) => ({ phase: name, state: 'done' }));
  if (phase !== null && (at === -1 || undoing.has(phase))) return [{ phase, state: 'at' }];
  return planned.map((name, index) => ({ phase: name, state: index === at ? 'at' : index < at ? 'done' : 'open' }));
}
