import { z } from 'zod';
import type { DatabaseOverview } from '#db/databases.ts';
import { exampleIds } from '#domain/examples.ts';
import { findOverdueSince } from '#domain/overdue.ts';
import { databaseRoles, databaseStatuses, type EngineName, engineNames, pitrStatuses } from '#domain/states.ts';
import { at, isoOf, maybeAt, maybeIsoOf, revisionSchema } from './answers.ts';
import { fingerprintOf } from './ssh-key.ts';

const usualPorts: Readonly<Record<EngineName, number>> = { postgresql: 5432, mariadb: 3306, mysql: 3306 };

/** The server's port, as a request names it or leaves it out. */
export function portOf({ engine, port }: { readonly engine: EngineName; readonly port?: number | undefined }): number {
  return port ?? usualPorts[engine];
}

const attachmentSummarySchema = z
  .object({
    policyId: z.uuid(),
    policyName: z.string(),
    pitrStatus: z.enum(pitrStatuses),
    pitrMessage: z.string().nullable(),
    lastSuccessAt: maybeAt.describe('When the last backup under this policy ended well.'),
    overdueSince: maybeAt.describe('Since when a backup that the schedule promised has been missing; null while none is.'),
  })
  .meta({ id: 'AttachmentSummary' });

export const databaseSchema = z
  .object({
    id: z.uuid(),
    ownerId: z.uuid(),
    name: z.string(),
    engine: z.enum(engineNames),
    version: z.string().nullable(),
    host: z.string(),
    port: z.int(),
    sshPort: z.int(),
    sshUser: z.string(),
    sshKeyId: z.uuid().nullable().describe('The pair that Tidemark made for the login; null where a key was brought along.'),
    hostKeyFingerprint: z.string().nullable().describe('SHA256, as `ssh-keygen -l` shows it; null until the first check.'),
    role: z.enum(databaseRoles),
    primaryId: z.uuid().nullable(),
    status: z.enum(databaseStatuses),
    statusMessage: z.string().nullable(),
    checkedAt: maybeAt,
    lastFullAt: maybeAt.describe('When the newest full that is kept ended.'),
    lastIncrementalAt: maybeAt.describe('When the newest incremental that is kept ended.'),
    attachment: attachmentSummarySchema.nullable(),
    revision: revisionSchema,
    createdAt: at,
  })
  .meta({
    id: 'Database',
    examples: [
      {
        id: exampleIds.database,
        ownerId: exampleIds.user,
        name: 'orders',
        engine: 'postgresql',
        version: '17.6',
        host: 'db1.example.com',
        port: 5432,
        sshPort: 22,
        sshUser: 'tidemark',
        sshKeyId: exampleIds.sshKey,
        hostKeyFingerprint: 'SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDd1xZbpF1AA6r4CAk',
        role: 'primary',
        primaryId: null,
        status: 'active',
        statusMessage: null,
        checkedAt: '2026-11-22T01:00:00.000Z',
        lastFullAt: '2026-11-22T02:10:00.000Z',
        lastIncrementalAt: null,
        attachment: {
          policyId: exampleIds.policy,
          policyName: 'nightly',
          pitrStatus: 'active',
          pitrMessage: null,
          lastSuccessAt: '2026-11-22T02:10:00.000Z',
          overdueSince: null,
        },
        revision: 1,
        createdAt: '2026-11-01T09:00:00.000Z',
      },
    ],
  });

export function viewDatabase(row: DatabaseOverview): z.infer<typeof databaseSchema> {
  return {
    id: row.id,
    ownerId: row.owner_id,
    name: row.name,
    engine: row.engine,
    version: row.version,
    host: row.host,
    port: row.port,
    sshPort: row.ssh_port,
    sshUser: row.ssh_user,
    sshKeyId: row.ssh_key_id,
    hostKeyFingerprint: row.host_key === null ? null : fingerprintOf(row.host_key),
    role: row.role,
    primaryId: row.primary_id,
    status: row.status,
    statusMessage: row.status_message,
    checkedAt: maybeIsoOf(row.checked_at),
    lastFullAt: maybeIsoOf(row.last_full_at),
    lastIncrementalAt: maybeIsoOf(row.last_incremental_at),
    attachment: viewAttachment(row),
    revision: row.revision,
    createdAt: isoOf(row.created_at),
  };
}

function viewAttachment(row: DatabaseOverview): z.infer<typeof attachmentSummarySchema> | null {
  if (row.policy_id === null || row.policy_name === null || row.pitr_status === null) return null;
  return {
    policyId: row.policy_id,
    policyName: row.policy_name,
    pitrStatus: row.pitr_status,
    pitrMessage: row.pitr_message,
    lastSuccessAt: maybeIsoOf(row.succeeded_at),
    overdueSince: overdueSinceOf(row),
  };
}

/** Judged whenever it is asked, by the catalogue alone: no job that hangs can keep it back. */
function overdueSinceOf(row: DatabaseOverview): string | null {
  const { full_frequency: fullFrequency, full_time: fullTime, full_day: fullDay, incremental_hours: hours } = row;
  const since = row.succeeded_at ?? row.attached_at;
  if (fullFrequency === null || fullTime === null || fullDay === null || hours === null || since === null) return null;
  const found = findOverdueSince({ fullFrequency, fullTime, fullDay, incrementalHours: hours }, since.getTime(), Date.now());
  return found === undefined ? null : new Date(found).toISOString();
}
