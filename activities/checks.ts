import { getDatabase, markDatabase, pinHostKey } from '#db/databases.ts';
import { beginTask } from '#db/tasks.ts';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import { checkWorkflowId } from '#domain/names.ts';
import type { HostActivities } from './activities.ts';
import type { ActivityDeps } from './context.ts';
import { resolveHost, withHost } from './context.ts';
import { scanHostKey } from './hosts/ssh.ts';
import type { Attempt } from './wrap.ts';
import { wrapLong } from './wrap.ts';

type CheckActivities = Pick<HostActivities, 'checkDatabase'>;

export function createCheckActivities(deps: ActivityDeps): CheckActivities {
  const { db } = deps;
  return {
    checkDatabase: wrapLong(
      db,
      'Checking the connection',
      async ({ databaseId, taskId }: { databaseId: string; taskId: string }, attempt) => {
        await beginTask(db, taskId, checkWorkflowId(databaseId));
        try {
          const version = await check(deps, databaseId, attempt);
          await markDatabase(db, databaseId, { status: 'active', status_message: null, version });
        } catch (error) {
          await markDatabase(db, databaseId, { status: 'error', status_message: messageOf(error) });
          throw error;
        }
      },
    ),
  };
}

/** The first check pins the key that the host shows; every later one insists on it. */
async function check(deps: ActivityDeps, databaseId: string, attempt: Attempt): Promise<string> {
  const database = await getDatabase(deps.db, databaseId);
  if (database.host_key === null) {
    const { address } = await resolveHost(deps.guard, database.host);
    const { hostKey } = await scanHostKey(database.host, database.ssh_port, { connectTo: address });
    await pinHostKey(deps.db, databaseId, hostKey);
  }
  return withHost(deps, databaseId, attempt, async (engine, context) => {
    const health = await engine.measureHealth(context);
    if (health.role === database.role) return health.version;
    throw new TidemarkError(
      'not-attachable',
      `the server of ${database.name} is a ${health.role}, and it is registered as a ${database.role}`,
    );
  });
}
