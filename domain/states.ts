/** The words of the catalogue, the API and the workflows: one list each, from which types and check constraints derive. */

export const engineNames = ['postgresql', 'mariadb', 'mysql'] as const;
export type EngineName = (typeof engineNames)[number];

export const userRoles = ['admin', 'user'] as const;
export type UserRole = (typeof userRoles)[number];

/** What a token may do: look; also act; also destroy. */
export const tokenScopes = ['read', 'operate', 'full'] as const;
export type TokenScope = (typeof tokenScopes)[number];

export const databaseRoles = ['primary', 'replica'] as const;
export type DatabaseRole = (typeof databaseRoles)[number];

export const databaseStatuses = ['checking', 'active', 'error'] as const;
export type DatabaseStatus = (typeof databaseStatuses)[number];

export const policyStatuses = ['validating', 'active', 'paused', 'error'] as const;
export type PolicyStatus = (typeof policyStatuses)[number];

export const pitrStatuses = ['disabled', 'configuring', 'active', 'error'] as const;
export type PitrStatus = (typeof pitrStatuses)[number];

export const backupKinds = ['full', 'incremental'] as const;
export type BackupKind = (typeof backupKinds)[number];

export const backupStatuses = ['pending', 'running', 'completed', 'failed', 'deleting', 'deleted'] as const;
export type BackupStatus = (typeof backupStatuses)[number];

export const taskKinds = ['attach', 'detach', 'backup', 'restore', 'retention', 'delete', 'check', 'configure'] as const;
export type TaskKind = (typeof taskKinds)[number];

export const taskStatuses = ['queued', 'running', 'completed', 'failed', 'skipped'] as const;
export type TaskStatus = (typeof taskStatuses)[number];

export const noticeKinds = ['backup-failed', 'policy-paused', 'pitr-gap', 'source-changed'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** Of what rows the changes are told as they happen. */
export const changeKinds = ['task', 'database', 'policy', 'attachment', 'backup', 'restore', 'notice'] as const;
export type ChangeKind = (typeof changeKinds)[number];

export const auditOutcomes = ['begun', 'done', 'refused', 'unknown'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

export const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
export type Weekday = (typeof weekdays)[number];

export const fullFrequencies = ['daily', 'weekly'] as const;
export type FullFrequency = (typeof fullFrequencies)[number];

/** Hours between incrementals; 0 is none. */
export const incrementalHours = [0, 1, 2, 4, 6, 12] as const;
export type IncrementalHours = (typeof incrementalHours)[number];

/** What Test Connection tries of a database, in this order. */
export const databaseProbeSteps = ['dns', 'tcp', 'host-key', 'login', 'sudo', 'engine', 'version'] as const;
export type DatabaseProbeStep = (typeof databaseProbeSteps)[number];
