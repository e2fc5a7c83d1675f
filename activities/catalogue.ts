import { beginGeneration, listAttachedDatabases } from '#db/attachments.ts';
import { failBackup } from '#db/backups.ts';
import { getDatabase, listReplicas, markDatabase } from '#db/databases.ts';
import type { PolicyRow } from '#db/policies.ts';
import { getLivePolicy, getPolicy, updatePolicy } from '#db/policies.ts';
import type { Catalogue } from '#db/tables.ts';
import { getRestore } from '#db/tasks.ts';
import { TidemarkError } from '#domain/errors.ts';
import { spreadOf } from '#domain/schedule.ts';
import type { CatalogueActivities } from './activities.ts';
import { planBackup } from './backups.ts';
import type { ActivityDeps } from './context.ts';
import type { Engine } from './engines/port.ts';
import { getEngine } from './engines/registry.ts';
import { wrapShort } from './wrap.ts';

type PolicyRecordActivities = Omit<
  CatalogueActivities,
  | 'beginTask'
  | 'endTask'
  | 'recordSkip'
  | 'findLostOperations'
  | 'openAttachment'
  | 'closeAttachment'
  | 'planConfiguration'
  | 'switchEncryption'
  | 'markExpired'
  | 'markForDeletion'
  | 'recordNotice'
>;

export function createCatalogueActivities({ db }: ActivityDeps): PolicyRecordActivities {
  return {
    loadPolicy: wrapShort(async ({ policyId }) => {
      const policy = await getLivePolicy(db, policyId);
      const attached = await listAttachedDatabases(db, policyId);
      const { full_frequency: fullFrequency, full_time: fullTime, full_day: fullDay, incremental_hours: incrementalHours } = policy;
      return {
        name: policy.name,
        ownerId: policy.owner_id,
        schedule: { fullFrequency, fullTime, fullDay, incrementalHours },
        spreadMs: spreadOf(policyId),
        attached: attached.map((database) => database.database_id),
        logMinutes: policy.pitr_enabled
          ? Object.fromEntries(attached.map(({ database_id: id, engine }) => [id, minutesBetweenLooks(policy, getEngine(engine))]))
          : {},
      };
    }),

    mirrorPolicy: wrapShort(async ({ policyId, status, lastError, consecutiveFailures, nextFullAt, nextIncrementalAt }) => {
      await getLivePolicy(db, policyId);
      await updatePolicy(db, policyId, {
        status,
        last_error: lastError,
        consecutive_failures: consecutiveFailures,
        next_full_at: asDate(nextFullAt),
        next_incremental_at: asDate(nextIncrementalAt),
      });
    }),

    planBackup: wrapShort((input) => planBackup(db, input)),

    failBackup: wrapShort(async ({ backupId, failure }) => failBackup(db, backupId, failure)),

    beginGeneration: wrapShort(async ({ restoreId, policyId, databaseId }) => {
      const [restore, policy] = await Promise.all([getRestore(db, restoreId), getPolicy(db, policyId)]);
      if (restore.new_generation === null) throw new TidemarkError('internal', `the restore ${restoreId} was not planned`);
      await beginGeneration(db, {
        database_id: databaseId,
        number: restore.new_generation,
        policy_id: policyId,
        encrypted: policy.encryption_enabled,
        reason: 'restored',
      });
      await markReplicasOutOfStep(db, databaseId);
    }),
  };
}

/** They stay on the line that the restore has left. None is read until somebody has it checked again. */
async function markReplicasOutOfStep(db: Catalogue, primaryId: string): Promise<void> {
  const { name } = await getDatabase(db, primaryId);
  const message = `it is out of step since its primary ${name} was restored: build it anew from its primary, then check the connection again`;
  for (const { id } of await listReplicas(db, primaryId)) await markDatabase(db, id, { status: 'error', status_message: message });
}

/** A server that archives by itself is only looked after. */
function minutesBetweenLooks(policy: PolicyRow, { capabilities }: Engine): number {
  return capabilities.archivesByItself ? 15 : policy.log_archive_minutes;
}

function asDate(at: number | null): Date | null {
  return at === null ? null : new Date(at);
}
