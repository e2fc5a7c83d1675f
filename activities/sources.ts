import { getBackup, listBackups, updateBackup } from '#db/backups.ts';
import type { BackupRow } from '#db/backups.ts';
import { getDatabase, listReplicas } from '#db/databases.ts';
import type { DatabaseRow } from '#db/databases.ts';
import type { Catalogue } from '#db/tables.ts';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import type { ActivityDeps } from './context.ts';
import { withHost } from './context.ts';
import type { BackupOutcome, Engine, ReplicaSource } from './engines/port.ts';
import type { Attempt } from './wrap.ts';

const CATCH_UP_SECONDS = 60;

/**
 * Takes a backup from the best source: a healthy replica, else the primary, also when the replica fails half-way. An incremental
 * stays with the source of its parent, since a change costs a full or much of one (docs/decisions/2026-11-25-sources.md).
 * What is the store's fault is no replica's, and is thrown at once.
 */
export async function takeFromBest(
  deps: ActivityDeps,
  { backup, parent, engine }: { readonly backup: BackupRow; readonly parent: BackupRow | undefined; readonly engine: Engine },
  attempt: Attempt,
  take: (replica?: ReplicaSource) => Promise<BackupOutcome>,
): Promise<{ readonly outcome: BackupOutcome; readonly reason: string | null }> {
  const { db, replicaCatchUpSeconds: catchUpSeconds = CATCH_UP_SECONDS } = deps;
  const refusals: string[] = [];
  for (const replica of await listPreferred(db, backup, parent, engine)) {
    if (replica.status !== 'active') {
      refusals.push(`${replica.name}: ${replica.status_message ?? 'it has not been checked'}`);
      continue;
    }
    await updateBackup(db, backup.id, { source_id: replica.id });
    try {
      const outcome = await withHost(deps, replica.id, attempt, async (_, context) => {
        await context.host.sweepJobs(replica.id);
        return await take({ context, catchUpSeconds });
      });
      return { outcome, reason: refusals.join('; ') || null };
    } catch (error) {
      if (attempt.signal.aborted || attempt.leave.aborted || !isOfSource(error, engine)) throw error;
      refusals.push(`${replica.name}: ${messageOf(error)}`);
    }
  }
  await updateBackup(db, backup.id, { source_id: backup.database_id });
  return { outcome: await take(), reason: refusals.join('; ') || null };
}

async function listPreferred(
  db: Catalogue,
  backup: BackupRow,
  parent: BackupRow | undefined,
  engine: Engine,
): Promise<readonly DatabaseRow[]> {
  if (parent !== undefined && engine.capabilities.incrementalsFromLogs) return [];
  const replicas = await listReplicas(db, backup.database_id);
  return parent === undefined ? replicas : replicas.filter(({ id }) => id === parent.source_id);
}

/** Where the replica itself talks to the store, the way there is its own. */
function isOfSource(error: unknown, { capabilities }: Engine): boolean {
  if (!(error instanceof TidemarkError)) return true;
  if (error.code.startsWith('store-')) return capabilities.credentialsOnHost;
  return error.code !== 'catalogue-unavailable';
}

/** What people are told of when a completed backup was read elsewhere than the one before it; undefined where it was not. */
export async function describeSourceChange(db: Catalogue, backupId: string, engine: Engine): Promise<string | undefined> {
  const backup = await getBackup(db, backupId);
  const hasSource = ({ kind }: BackupRow): boolean => kind === 'full' || !engine.capabilities.incrementalsFromLogs;
  const before = (await listBackups(db, backup.database_id)).find(
    (row) => row.id !== backupId && ['completed', 'deleting', 'deleted'].includes(row.status) && hasSource(row),
  );
  if (!hasSource(backup) || before === undefined || before.source_id === backup.source_id) return undefined;
  const [now, then] = await Promise.all([getDatabase(db, backup.source_id), getDatabase(db, before.source_id)]);
  const why = backup.source_reason ?? (now.role === 'replica' ? 'a replica that follows is preferred' : 'no replica is active');
  return `backups are read from the ${now.role} ${now.name} now, and were read from the ${then.role} ${then.name} before (${why})`;
}
