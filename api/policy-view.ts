import { z } from 'zod';
import type { PolicyOverview, ShownPolicy } from '#db/policies.ts';
import { exampleIds } from '#domain/examples.ts';
import { retentionSchema, scheduleSchema } from '#domain/policy.schema.ts';
import type { Schedule } from '#domain/schedule.ts';
import { nextSlots } from '#domain/schedule.ts';
import { backupKinds, policyStatuses } from '#domain/states.ts';
import { at, examplesOf, isoOf, maybeAt, maybeIsoOf, revisionSchema } from './answers.ts';

const SHOWN_SLOTS = 5;

const shownStoreSchema = z
  .object({
    endpoint: z.string(),
    region: z.string(),
    bucket: z.string(),
    prefix: z.string(),
    accessKey: z.string(),
    caPem: z.string().nullable(),
  })
  .meta({ id: 'PolicyStore' });

/** The same fields, but in answers none is ever left out. */
const shownScheduleSchema = z.object(scheduleSchema.shape).meta({ id: 'PolicySchedule' });
const shownRetentionSchema = z.object(retentionSchema.shape).meta({ id: 'PolicyRetention' });

export const policySchema = z
  .object({
    id: z.uuid(),
    ownerId: z.uuid(),
    name: z.string(),
    status: z.enum(policyStatuses),
    consecutiveFailures: z.int(),
    lastError: z.string().nullable(),
    credentialsVerifiedAt: maybeAt,
    store: shownStoreSchema,
    schedule: shownScheduleSchema,
    retention: shownRetentionSchema,
    pitrEnabled: z.boolean(),
    logArchiveMinutes: z.int(),
    encryptionEnabled: z.boolean(),
    revision: revisionSchema,
    nextSlots: z.array(z.object({ at, kind: z.enum(backupKinds) })).describe('The next five; none while the policy is paused.'),
    createdAt: at,
  })
  .meta({
    id: 'Policy',
    examples: [
      {
        id: exampleIds.policy,
        ownerId: exampleIds.user,
        name: 'nightly',
        status: 'active',
        consecutiveFailures: 0,
        lastError: null,
        credentialsVerifiedAt: '2026-11-22T01:00:00.000Z',
        store: {
          endpoint: 's3.example.com',
          region: 'eu-central-1',
          bucket: 'backups',
          prefix: 'team',
          accessKey: 'AKIAEXAMPLE',
          caPem: null,
        },
        schedule: { fullFrequency: 'weekly', fullTime: '02:00', fullDay: 'sunday', incrementalHours: 6 },
        retention: { fulls: 7, incrementalDays: 30, logHours: 72 },
        pitrEnabled: true,
        logArchiveMinutes: 5,
        encryptionEnabled: true,
        revision: 3,
        nextSlots: [{ at: '2026-11-22T08:00:00.000Z', kind: 'incremental' }],
        createdAt: '2026-11-01T09:00:00.000Z',
      },
    ],
  });

export const listedPolicySchema = policySchema
  .extend({ attachedCount: z.int().describe('How many databases are attached.') })
  .meta({ id: 'ListedPolicy', examples: examplesOf(policySchema).map((policy) => ({ ...policy, attachedCount: 3 })) });

export function viewListedPolicy(row: PolicyOverview): z.infer<typeof listedPolicySchema> {
  return { ...viewPolicy(row), attachedCount: row.attached_count };
}

export function viewPolicy(row: ShownPolicy): z.infer<typeof policySchema> {
  const schedule = scheduleOf(row);
  const slots = row.status === 'paused' ? [] : nextSlots(schedule, Date.now(), SHOWN_SLOTS);
  return {
    id: row.id,
    ownerId: row.owner_id,
    name: row.name,
    status: row.status,
    consecutiveFailures: row.consecutive_failures,
    lastError: row.last_error,
    credentialsVerifiedAt: maybeIsoOf(row.credentials_verified_at),
    store: {
      endpoint: row.endpoint,
      region: row.region,
      bucket: row.bucket,
      prefix: row.prefix,
      accessKey: row.access_key,
      caPem: row.ca_pem,
    },
    schedule,
    retention: { fulls: row.retention_fulls, incrementalDays: row.retention_incremental_days, logHours: row.retention_log_hours },
    pitrEnabled: row.pitr_enabled,
    logArchiveMinutes: row.log_archive_minutes,
    encryptionEnabled: row.encryption_enabled,
    revision: row.revision,
    nextSlots: slots.map((slot) => ({ at: new Date(slot.at).toISOString(), kind: slot.kind })),
    createdAt: isoOf(row.created_at),
  };
}

function scheduleOf(row: ShownPolicy): Schedule {
  return { fullFrequency: row.full_frequency, fullTime: row.full_time, fullDay: row.full_day, incrementalHours: row.incremental_hours };
}
