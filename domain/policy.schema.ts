import { z } from 'zod';
import { fullFrequencies, incrementalHours, weekdays } from './states.ts';
import { nameSchema } from './text.schema.ts';

const endpoint = z
  .string()
  .max(255)
  .regex(
    /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:\d{1,5})?$/,
    'must be a host name, or host:port, without https:// and without a path',
  )
  .describe('Host name of the S3-compatible endpoint, with a port if it is not 443; always HTTPS.');

/** Path segments of ordinary characters: the prefix stands in object keys and in configuration files on the hosts. */
const prefix = z
  .string()
  .max(200)
  .regex(
    /^([A-Za-z0-9_=.-]+(\/[A-Za-z0-9_=.-]+)*)?$/,
    'must be path segments of letters, digits, and _ = . - without a slash at either end',
  )
  .refine((value) => !value.split('/').some((segment) => segment === '.' || segment === '..'), 'must not contain . or .. as a segment');

/** Printable and without spaces: these values stand on one line of a configuration file. */
const token = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[\x21-\x7e]+$/, 'must be printable characters without spaces');

export const storeSchema = z
  .strictObject({
    endpoint,
    region: z
      .string()
      .max(64)
      .regex(/^[A-Za-z0-9-]+$/, 'must be letters, digits and dashes')
      .default('us-east-1'),
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be 3 to 63 lower-case letters, digits, dots and dashes'),
    prefix: prefix.default(''),
    accessKey: token,
    secretKey: token,
    caPem: z
      .string()
      .max(65_536)
      .regex(/-----BEGIN CERTIFICATE-----/, 'must be a certificate in PEM')
      .optional()
      .describe('The certificate of a private authority.'),
  })
  .meta({
    id: 'Store',
    examples: [
      {
        endpoint: 's3.example.com',
        region: 'eu-central-1',
        bucket: 'backups',
        prefix: 'team',
        accessKey: 'AKIAEXAMPLE',
        secretKey: 'not-a-real-secret',
      },
    ],
  });

/** What an edit may change of where backups lie; the keys have fields of their own. */
const storeLocationSchema = z
  .strictObject({
    endpoint: storeSchema.shape.endpoint.optional(),
    region: storeSchema.shape.region.unwrap().optional(),
    bucket: storeSchema.shape.bucket.optional(),
    prefix: prefix.optional(),
    caPem: storeSchema.shape.caPem.unwrap().nullable().optional().describe('May be changed at any time; null is no private authority.'),
  })
  .meta({ id: 'StoreLocation', examples: [{ prefix: 'team-b' }] });

export const scheduleSchema = z
  .strictObject({
    fullFrequency: z.enum(fullFrequencies).default('daily'),
    fullTime: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM, UTC')
      .default('02:00'),
    fullDay: z.enum(weekdays).default('sunday').describe('Counts only when fullFrequency is weekly.'),
    incrementalHours: z.literal(incrementalHours).default(0).describe('Hours between incrementals, counted from the full; 0 is none.'),
  })
  .meta({ id: 'Schedule', examples: [{ fullFrequency: 'weekly', fullTime: '02:00', fullDay: 'sunday', incrementalHours: 6 }] });

export const retentionSchema = z
  .strictObject({
    fulls: z.int().min(1).max(1000).default(7).describe('How many of the newest fulls are kept.'),
    incrementalDays: z.int().min(1).max(3650).default(30),
    logHours: z.int().min(1).max(8760).default(72),
  })
  .meta({ id: 'Retention', examples: [{ fulls: 7, incrementalDays: 30, logHours: 72 }] });

const logArchiveMinutes = z
  .int()
  .min(1)
  .max(60)
  .describe(
    'With PITR, how often binary logs are archived: so much may be lost with a host. PostgreSQL archives by itself, at least once a minute.',
  );

export const policyCreateSchema = z
  .strictObject({
    name: nameSchema,
    store: storeSchema,
    schedule: scheduleSchema.prefault({}),
    retention: retentionSchema.prefault({}),
    pitrEnabled: z.boolean().default(false),
    logArchiveMinutes: logArchiveMinutes.default(5),
    encryptionEnabled: z.boolean().default(true),
    ownerId: z.uuid().optional().describe('Whose policy it will be; admins only.'),
  })
  .meta({
    id: 'PolicyCreate',
    examples: [
      {
        name: 'nightly',
        store: {
          endpoint: 's3.example.com',
          region: 'eu-central-1',
          bucket: 'backups',
          prefix: 'team',
          accessKey: 'AKIAEXAMPLE',
          secretKey: 'not-a-real-secret',
        },
        schedule: { fullFrequency: 'weekly', fullTime: '02:00', fullDay: 'sunday', incrementalHours: 6 },
        retention: { fulls: 7, incrementalDays: 30, logHours: 72 },
        pitrEnabled: true,
        logArchiveMinutes: 5,
        encryptionEnabled: true,
      },
    ],
  });

export const policyEditSchema = z
  .strictObject({
    name: nameSchema.optional(),
    accessKey: token.optional(),
    secretKey: token.optional(),
    store: storeLocationSchema.optional(),
    schedule: scheduleSchema.optional(),
    retention: retentionSchema.optional(),
    pitrEnabled: z.boolean().optional(),
    logArchiveMinutes: logArchiveMinutes.optional(),
    encryptionEnabled: z
      .boolean()
      .optional()
      .describe('Another encryption begins with a new generation and a full of every attached database.'),
  })
  .meta({ id: 'PolicyEdit', examples: [{ name: 'nightly', retention: { fulls: 14, incrementalDays: 30, logHours: 72 } }] });

export const policyDeletionSchema = z
  .strictObject({
    confirmName: z.string().describe("The policy's name, typed again."),
    backups: z
      .enum(['keep', 'delete'])
      .describe('Whether its backups stay in the bucket, for when the deletion is taken back, or go with it.'),
  })
  .meta({ id: 'PolicyDeletion', examples: [{ confirmName: 'nightly', backups: 'keep' }] });

export type StoreInput = z.infer<typeof storeSchema>;
export type Retention = z.infer<typeof retentionSchema>;
export type PolicyCreate = z.infer<typeof policyCreateSchema>;
export type PolicyEdit = z.infer<typeof policyEditSchema>;
