import type { RetentionPlan } from '#domain/retention.ts';
import { planRetention } from '#domain/retention.ts';
import { findOpenGeneration } from './attachments.ts';
import type { BackupLink } from './backups.ts';
import { backupLink, listCompletedBackups } from './backups.ts';
import { getPolicy, retentionRules } from './policies.ts';
import type { Catalogue } from './tables.ts';

/** What the policy's retention removes now of a database's backups, and what stays of its logs. */
export async function loadRetentionPlan(db: Catalogue, policyId: string, databaseId: string): Promise<RetentionPlan<BackupLink>> {
  const [policy, backups, open] = await Promise.all([
    getPolicy(db, policyId),
    listCompletedBackups(db, databaseId, policyId),
    findOpenGeneration(db, databaseId),
  ]);
  return planRetention(retentionRules(policy), backups.map(backupLink), Date.now(), open?.policy_id === policyId ? open.number : undefined);
}
