/** Workflow ids, task queues, and the keys below a store's prefix: spelled here and nowhere else. */

export const taskQueue = 'tidemark';
export const transferQueue = 'tidemark-transfers';

/** By which operators find workflows: `temporal workflow list --query 'TidemarkStatus = "paused"'`. */
export const searchAttributes = {
  /** Of a policy. */
  status: { name: 'TidemarkStatus', type: 'KEYWORD' },
  /** Of a policy: failed backups in a row. */
  failures: { name: 'TidemarkFailures', type: 'INT' },
  /** The id of whom the policy belongs to. */
  owner: { name: 'TidemarkOwner', type: 'KEYWORD' },
  /** The id of the one that something is done to. Those of a policy would not fit: a value may have 2 KiB. */
  database: { name: 'TidemarkDatabase', type: 'KEYWORD' },
} as const;

export function policyWorkflowId(policyId: string): string {
  return `policy-${policyId}`;
}

export function deletionWorkflowId(policyId: string): string {
  return `delete-${policyId}`;
}

/** The lock of a database: whatever happens to it runs under this workflow id, so that Temporal refuses a second one. */
export function databaseWorkflowId(databaseId: string): string {
  return `database-${databaseId}`;
}

/** Archiving logs runs beside a backup, and one at a time. */
export function logsWorkflowId(databaseId: string): string {
  return `${databaseWorkflowId(databaseId)}-logs`;
}

export function checkWorkflowId(databaseId: string): string {
  return `check-${databaseId}`;
}

/** `<databaseId>/tidemark.json`: who this is. */
export function identityKey(databaseId: string): string {
  return `${databaseId}/tidemark.json`;
}

export function generationKey(databaseId: string, generation: number): string {
  return `${databaseId}/g${generation}`;
}

/** Written last: a backup exists when its manifest does. */
export function manifestKey(databaseId: string, generation: number, backupId: string): string {
  return `${generationKey(databaseId, generation)}/backups/${backupId}/manifest.json`;
}
