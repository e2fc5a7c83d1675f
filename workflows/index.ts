/** What the worker registers: every export is a workflow, its name the workflow's type. */
export { applyRetention } from './apply-retention.ts';
export { archiveLogs } from './archive-logs.ts';
export { attachDatabase } from './attach-database.ts';
export { backUpDatabase } from './back-up-database.ts';
export { checkDatabase } from './check-database.ts';
export { configurePitr } from './configure-pitr.ts';
export { deleteBackup } from './delete-backup.ts';
export { deletePolicy } from './delete-policy.ts';
export { detachDatabase } from './detach-database.ts';
export { policyWorkflow } from './policy.ts';
export { restoreDatabase } from './restore-database.ts';
export { sendNotice } from './send-notice.ts';
export { testDatabase } from './test-database.ts';
export { testStore } from './test-store.ts';
