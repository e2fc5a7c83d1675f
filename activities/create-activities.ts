import type { Activities } from './activities.ts';
import { createAttachmentActivities } from './attachments.ts';
import { createBackupActivities } from './backups.ts';
import { createCatalogueActivities } from './catalogue.ts';
import { createCheckActivities } from './checks.ts';
import type { ActivityDeps } from './context.ts';
import { createLogActivities } from './logs.ts';
import { createNoticeActivities } from './notices.ts';
import { createPolicyActivities } from './policies.ts';
import { createRestoreActivities } from './restores.ts';
import { createRetentionActivities } from './retention.ts';
import { createTaskActivities } from './tasks.ts';

export type { ActivityDeps } from './context.ts';

/** Everything that a worker can do. */
export function createActivities(deps: ActivityDeps): Activities {
  return {
    ...createCatalogueActivities(deps),
    ...createTaskActivities(deps),
    ...createPolicyActivities(deps),
    ...createCheckActivities(deps),
    ...createAttachmentActivities(deps),
    ...createBackupActivities(deps),
    ...createLogActivities(deps),
    ...createNoticeActivities(deps),
    ...createRestoreActivities(deps),
    ...createRetentionActivities(deps),
  };
}
