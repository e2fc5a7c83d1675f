import type { TaskRef } from '#activities/activities.ts';
import { runOperation } from './operation.ts';
import { catalogue, transfers } from './proxies.ts';

/** Removes what the policy does not keep any more. What could not be removed stays marked, and is tried again the next day. */
export async function applyRetention(input: TaskRef): Promise<void> {
  await runOperation('retention', 'Retention', input, async ({ ref, databaseName }) => {
    await catalogue(`Mark what is not kept of ${databaseName}`).markExpired(ref);
    await transfers(`Remove what is not kept of ${databaseName}`).removeDeleted(ref);
  });
}
