import { taskKinds, taskStatuses } from '#domain/states.ts';
import { chosen } from '../../client/pages.ts';
import { oneOf } from '../../parts/one-of.ts';

/** What of the address filters the list. */
export function taskFilter(get: (name: string) => string) {
  return chosen({ kind: oneOf(taskKinds, get('kind')), status: oneOf(taskStatuses, get('status')) });
}
