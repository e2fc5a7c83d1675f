import type { DatabaseRow } from '#db/databases.ts';
import { getDatabase, markDatabase, pinHostKey, sshKeyPlace } from '#db/databases.ts';
import type { Sealer } from '#db/seal.ts';
import { beginTask } from '#db/tasks.ts';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import { checkWorkflowId } from '#domain/names.ts';
import type { HostActivities } from './activities.ts';
import type { ActivityDeps } from './context.ts';
import { type ProbeTarget, probeDatabase } from './database-probe.ts';
import type { Attempt } from './wrap.ts';
import { wrapLong } from './wrap.ts';

type CheckActivities = Pick<HostActivities, 'checkDatabase' | 'probeSavedDatabase' | 'probeUnsavedDatabase'>;

/** A person waits for the answer. */
const TEST_MS = 45_000;
/** Less than an attempt may take. */
const CHECK_MS = 240_000;

export function createCheckActivities(deps: ActivityDeps): CheckActivities {
  const { db, sealer, guard } = deps;
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

    probeSavedDatabase: wrapLong(db, undefined, async ({ databaseId }: { databaseId: string }, attempt) => {
      const target = targetOf(sealer, await getDatabase(db, databaseId));
      return (await probeDatabase(guard, target, attempt, { withinMs: TEST_MS })).report;
    }),

    probeUnsavedDatabase: wrapLong(db, undefined, async ({ id, sealed }: { id: string; sealed: string }, attempt) => {
      const opened = sealer.open(Buffer.from(sealed, 'base64'), { table: 'probe', row: id, column: 'database' });
      return (await probeDatabase(guard, JSON.parse(opened.toString()) as ProbeTarget, attempt, { withinMs: TEST_MS })).report;
    }),
  };
}

/** The first check pins the key that the host shows; every later one insists on it. */
async function check({ db, sealer, guard }: ActivityDeps, databaseId: string, attempt: Attempt): Promise<string | null> {
  const target = targetOf(sealer, await getDatabase(db, databaseId));
  const { report, failure } = await probeDatabase(guard, target, attempt, { withinMs: CHECK_MS });
  if (target.hostKey === undefined && report.hostKey !== null) await pinHostKey(db, databaseId, report.hostKey);
  if (failure === undefined) return report.version;
  const { step, error } = failure;
  throw new TidemarkError(error.code, `step ${step}: ${error.message}`, { cause: error });
}

function targetOf(sealer: Sealer, database: DatabaseRow): ProbeTarget {
  const { id, name, engine, host, port, role } = database;
  const privateKey = sealer.open(database.ssh_key_sealed, sshKeyPlace(id)).toString();
  const { ssh_port: sshPort, ssh_user: sshUser, host_key: hostKey } = database;
  return { id, name, engine, host, port, sshPort, sshUser, privateKey, hostKey: hostKey ?? undefined, role };
}
