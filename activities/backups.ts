import { randomUUID } from 'node:crypto';
import { backupLink, claimBackup, completeBackup, findBackup, getBackup, insertBackup, listBackups } from '#db/backups.ts';
import type { BackupRow } from '#db/backups.ts';
import type { Catalogue } from '#db/tables.ts';
import { getDatabase } from '#db/databases.ts';
import { getPolicy } from '#db/policies.ts';
import { findTask, linkBackup } from '#db/tasks.ts';
import { decideKind } from '#domain/chain.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { BackupKind } from '#domain/states.ts';
import type { BackupRef, TransferActivities } from './activities.ts';
import { getOpenGeneration } from './attachments.ts';
import type { ActivityDeps } from './context.ts';
import { withRepository } from './context.ts';
import type { BackupOutcome } from './engines/port.ts';
import { getEngine } from './engines/registry.ts';
import { getOwnBackup } from './ownership.ts';
import { describeSourceChange, takeFromBest } from './sources.ts';
import { wrapLong } from './wrap.ts';

type BackupActivities = Pick<TransferActivities, 'runBackup'>;

/** Decides the kind and inserts the row; a second attempt finds the first one's. */
export async function planBackup(
  db: Catalogue,
  { taskId, backupId, databaseId, policyId, kind }: BackupRef & { kind: BackupKind },
): Promise<{ kind: BackupKind; fallbackReason?: string }> {
  const planned = await findBackup(db, backupId);
  await linkBackup(db, taskId, backupId);
  if (planned !== undefined)
    return { kind: planned.kind, ...(planned.fallback_reason === null ? {} : { fallbackReason: planned.fallback_reason }) };
  const { number: generation, encrypted } = await getOpenGeneration(db, databaseId);
  const [policy, task] = await Promise.all([getPolicy(db, policyId), findTask(db, taskId)]);
  // an attachment and a restore end with a backup as they began; the edit reaches the host after them
  if (task?.kind === 'backup' && policy.encryption_enabled && !encrypted) {
    throw new TidemarkError(
      'encryption-not-switched',
      `the policy "${policy.name}" is with encryption, and the host still archives without it: nothing is stored that way any more`,
    );
  }
  const decision = decideKind(kind, (await listBackups(db, databaseId)).map(backupLink), generation);
  const fallbackReason = decision.kind === 'full' ? decision.fallbackReason : undefined;
  await insertBackup(db, {
    id: backupId,
    database_id: databaseId,
    policy_id: policyId,
    generation,
    kind: decision.kind,
    parent_id: decision.kind === 'incremental' ? decision.parent.id : null,
    fallback_reason: fallbackReason ?? null,
    // until one is chosen
    source_id: databaseId,
  });
  return { kind: decision.kind, ...(fallbackReason === undefined ? {} : { fallbackReason }) };
}

export function createBackupActivities(deps: ActivityDeps): BackupActivities {
  const { db } = deps;
  return {
    runBackup: wrapLong(db, 'Backing up', async (input: BackupRef, attempt) => {
      const { backupId, databaseId } = input;
      const backup = await getOwnBackup(db, input);
      const { engine: name } = await getDatabase(db, databaseId);
      const told = async (storedBytes: number) => ({
        storedBytes,
        sourceChange: await describeSourceChange(db, backupId, getEngine(name)),
      });
      const attemptId = randomUUID();
      if (!(await claimBackup(db, backupId, attemptId))) return told(await storedBytesOf(db, backupId));
      const parent = backup.parent_id === null ? undefined : await getBackup(db, backup.parent_id);
      return withRepository(deps, { databaseId, generation: backup.generation }, attempt, async (engine, context) => {
        await context.host.sweepJobs(databaseId, [`backup-${backupId}`]);
        const request = { backupId, kind: backup.kind, parentLabel: parent?.label ?? undefined };
        const { outcome, reason } = await takeFromBest(deps, { backup, parent, engine }, attempt, (replica) =>
          engine.backUp(context, { ...request, replica }),
        );
        const lineage = await findLineage(db, backup, outcome);
        await completeBackup(db, backupId, attemptId, { ...lineage, ...completedColumns(outcome), source_reason: reason });
        return told(outcome.storedBytes);
      });
    }),
  };
}

/** Of one that an earlier attempt has completed. */
async function storedBytesOf(db: Catalogue, backupId: string): Promise<number> {
  const { status, stored_bytes: storedBytes } = await getBackup(db, backupId);
  if (status === 'completed') return storedBytes ?? 0;
  throw new TidemarkError('backup-failed', `the backup ${backupId} has ended: it is ${status}`);
}

/** What the backup really builds on, which the engine may have had to decide otherwise than planned. */
async function findLineage(
  db: Catalogue,
  backup: BackupRow,
  outcome: BackupOutcome,
): Promise<Pick<BackupRow, 'kind' | 'parent_id' | 'fallback_reason'>> {
  if (outcome.kind === 'full') {
    return { kind: 'full', parent_id: null, fallback_reason: outcome.fallbackReason ?? backup.fallback_reason };
  }
  const rows = await listBackups(db, backup.database_id);
  const parent = rows.find(
    (row) => row.generation === backup.generation && row.label === outcome.parentLabel && row.status === 'completed',
  );
  if (parent === undefined) {
    throw new TidemarkError(
      'backup-not-proven',
      `the backup builds on ${outcome.parentLabel ?? 'nothing'}, which is not known as completed`,
    );
  }
  return { kind: 'incremental', parent_id: parent.id, fallback_reason: null };
}

function completedColumns(outcome: BackupOutcome): Partial<BackupRow> {
  return {
    label: outcome.label,
    source_id: outcome.sourceId,
    server_version: outcome.serverVersion,
    consistent_at: outcome.consistentAt,
    first_log: outcome.firstLog ?? null,
    last_log: outcome.lastLog ?? null,
    size_bytes: outcome.sizeBytes,
    stored_bytes: outcome.storedBytes,
    error_code: null,
    error_message: null,
    ended_at: new Date(),
  };
}
