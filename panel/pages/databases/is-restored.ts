import type { Task } from '../../client/tasks.ts';
import { phasesOf } from '../../parts/phases.ts';

/** From this phase on the restored data serves: what comes before it also runs when a restore is taken back. */
const RESTORED_AT = 'Configuring log archiving';

/** Also when what comes after the exchange has failed. */
export function isRestored({ status, phase }: Pick<Task, 'status' | 'phase'>): boolean {
  return status === 'completed' || phasesOf.restore.indexOf(phase ?? '') >= phasesOf.restore.indexOf(RESTORED_AT);
}
