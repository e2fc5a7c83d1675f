import { listDatabasesOnlyOf, listGenerations } from '#db/attachments.ts';
import type { GenerationRow } from '#db/attachments.ts';
import { backupLink, listBackups, listStoredBackups, markDeleted, markDeleting } from '#db/backups.ts';
import type { BackupRow } from '#db/backups.ts';
import { deleteLogRows } from '#db/logs.ts';
import { getPolicy, lockPolicy } from '#db/policies.ts';
import type { Catalogue } from '#db/tables.ts';
import { loadRetentionPlan } from '#db/retention.ts';
import { beginTask, findTask } from '#db/tasks.ts';
import { withDescendants } from '#domain/chain.ts';
import { deletionWorkflowId, generationKey, identityKey, manifestKey } from '#domain/names.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { LogRange } from '#domain/retention.ts';
import type { BackupRef, CatalogueActivities, TaskRef, TransferActivities } from './activities.ts';
import type { ActivityDeps } from './context.ts';
import { withRepository, withStore } from './context.ts';
import { getOwnBackup } from './ownership.ts';
import type { Store } from './stores/port.ts';
import type { Attempt } from './wrap.ts';
import { wrapLong, wrapShort } from './wrap.ts';

type RetentionActivities = Pick<CatalogueActivities, 'markExpired' | 'markForDeletion'> &
  Pick<TransferActivities, 'removeDeleted' | 'removePolicyBackups'>;

/** In two phases: what goes is marked, and from then on nothing is built on it or restored from it; then it is removed. */
export function createRetentionActivities(deps: ActivityDeps): RetentionActivities {
  const { db } = deps;
  return {
    markExpired: wrapShort(async ({ policyId, databaseId }: TaskRef) => {
      const plan = await loadRetentionPlan(db, policyId, databaseId);
      await markDeleting(
        db,
        plan.backups.map(({ backup }) => backup.id),
      );
      return { backups: plan.backups.length };
    }),

    markForDeletion: wrapShort(async (input: BackupRef) => {
      const backup = await getOwnBackup(db, input);
      const links = (await listBackups(db, input.databaseId)).map(backupLink);
      await markDeleting(
        db,
        withDescendants(links, backup.id).map(({ id }) => id),
      );
    }),

    removeDeleted: wrapLong(db, 'Removing what is not kept', async (input: TaskRef, attempt) => {
      const [plan, backups, generations] = await Promise.all([
        loadRetentionPlan(db, input.policyId, input.databaseId),
        listBackups(db, input.databaseId),
        listGenerations(db, input.policyId, input.databaseId),
      ]);
      const problems: unknown[] = [];
      for (const generation of generations) {
        const doomed = backups.filter(
          (backup) => backup.generation === generation.number && ['deleting', 'failed'].includes(backup.status),
        );
        const keep = plan.logs.find((logs) => logs.generation === generation.number)?.keep;
        // what one generation is kept from must not keep the others
        await removeOf(deps, generation, { doomed, keep }, attempt).catch((error: unknown) => {
          if (attempt.signal.aborted || attempt.leave.aborted) throw error;
          problems.push(error);
        });
      }
      if (problems.length > 0) throw problems[0];
    }),

    removePolicyBackups: wrapLong(db, 'Removing the backups', async ({ policyId, taskId }: { policyId: string; taskId: string }) => {
      const ids = await beginRemoval(db, policyId, taskId);
      for (const generation of await listGenerations(db, policyId)) {
        await removeGeneration(deps, generation);
        await deleteLogRows(db, generation, []);
      }
      await removeIdentities(deps, policyId);
      await markDeleted(db, ids);
    }),
  };
}

/** Waits for the transaction that deletes the policy and inserts the task. Returns the backups that nothing is restored from any more. */
async function beginRemoval(db: Catalogue, policyId: string, taskId: string): Promise<string[]> {
  return db.transaction().execute(async (transaction) => {
    await lockPolicy(transaction, policyId);
    if ((await getPolicy(transaction, policyId)).deleted_at === null)
      throw new TidemarkError('not-found', `there is no deleted policy ${policyId}; nothing was removed`);
    if ((await findTask(transaction, taskId))?.policy_id !== policyId)
      throw new TidemarkError('not-allowed', `the task ${taskId} was not written down for the policy ${policyId}`);
    await beginTask(transaction, taskId, deletionWorkflowId(policyId));
    const ids = (await listStoredBackups(transaction, policyId)).map(({ id }) => id);
    await markDeleting(transaction, ids);
    return ids;
  });
}

/** Who a database is stays in the bucket as long as anything of it may lie there. */
async function removeIdentities(deps: ActivityDeps, policyId: string): Promise<void> {
  const databaseIds = await listDatabasesOnlyOf(deps.db, policyId);
  await withStore(deps, policyId, async (store) => {
    for (const databaseId of databaseIds) await store.delete(identityKey(databaseId));
  });
}

interface Removal {
  readonly doomed: readonly BackupRow[];
  /** undefined where nothing of the generation is kept. */
  readonly keep: readonly LogRange[] | undefined;
}

async function removeOf(deps: ActivityDeps, generation: GenerationRow, { doomed, keep }: Removal, attempt: Attempt): Promise<void> {
  if (keep === undefined && generation.ended_at !== null) await removeGeneration(deps, generation);
  else await removeFrom(deps, generation, { doomed, keep: keep ?? [{ from: 0 }] }, attempt);
  await markDeleted(
    deps.db,
    doomed.filter(({ status }) => status === 'deleting').map(({ id }) => id),
  );
  await deleteLogRows(deps.db, generation, keep ?? []);
}

/** Nothing of it is kept: everything below its prefix goes, which also removes what an engine would not remove by itself. */
async function removeGeneration(
  deps: ActivityDeps,
  { database_id: databaseId, number, policy_id: policyId }: GenerationRow,
): Promise<void> {
  await withStore(deps, policyId, (store) => removeBelow(store, `${generationKey(databaseId, number)}/`));
}

async function removeFrom(
  deps: ActivityDeps,
  { database_id: databaseId, number }: GenerationRow,
  { doomed, keep }: { readonly doomed: readonly BackupRow[]; readonly keep: readonly LogRange[] },
  attempt: Attempt,
): Promise<void> {
  await withRepository(deps, { databaseId, generation: number }, attempt, async (engine, context) => {
    const { store } = context.repository;
    // without its manifest a backup is not there, whatever is left of it
    for (const { id } of doomed) await store.delete(manifestKey(databaseId, number, id));
    await engine.expire(
      context,
      doomed.map(({ id, label }) => label ?? id),
    );
    for (const { id } of doomed) await removeBelow(store, `${generationKey(databaseId, number)}/backups/${id}/`);
    await engine.expireLogs(context, keep);
  });
}

async function removeBelow(store: Store, folder: string): Promise<void> {
  for await (const { key } of store.list(folder)) await store.delete(key);
}
