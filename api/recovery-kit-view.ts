import { z } from 'zod';
import type { GenerationRow } from '#db/attachments.ts';
import type { DatabaseRow } from '#db/databases.ts';
import type { PolicyRow } from '#db/policies.ts';
import { exampleIds } from '#domain/examples.ts';
import { caFile, hasRepository, recoverySteps } from '#domain/recovery-steps.ts';
import { repositoryOptions, repositoryPassphrase, repositoryPath, stanza } from '#domain/repository.ts';
import { engineNames } from '#domain/states.ts';
import { at, isoOf, maybeAt, maybeIsoOf } from './answers.ts';

const repositorySchema = z
  .object({
    stanza: z.string(),
    path: z.string(),
    passphrase: z.string().nullable(),
    configuration: z.array(z.string()).describe('The lines of a pgbackrest.conf; what stands in angle brackets is yours to put in.'),
  })
  .meta({ id: 'RecoveryKitRepository' });

const generationSchema = z
  .object({
    number: z.int(),
    from: at,
    until: maybeAt,
    encrypted: z.boolean(),
    pgbackrest: repositorySchema.nullable().describe('PostgreSQL only.'),
  })
  .meta({ id: 'RecoveryKitGeneration' });

const stepSchema = z.object({ text: z.string(), commands: z.array(z.string()).readonly() }).meta({ id: 'RecoveryKitStep' });

const keptDatabaseSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    engine: z.enum(engineNames),
    version: z.string().nullable(),
    host: z.string(),
    port: z.int(),
    generations: z.array(generationSchema),
    howTo: z.array(stepSchema),
  })
  .meta({ id: 'RecoveryKitDatabase' });

export const recoveryKitSchema = z
  .object({
    format: z.literal(1).describe('Of what lies in the bucket: docs/format.md.'),
    madeAt: at,
    about: z.array(z.string()),
    policy: z.object({ id: z.uuid(), name: z.string() }),
    store: z.object({
      endpoint: z.string(),
      region: z.string(),
      bucket: z.string(),
      prefix: z.string(),
      caPem: z.string().nullable(),
    }),
    encrypted: z.boolean().describe('Whether any of it is, or will be.'),
    policyKey: z.string().nullable().describe('32 bytes, hexadecimal.'),
    databases: z.array(keptDatabaseSchema),
  })
  .meta({ id: 'RecoveryKit', examples: [exampleKit()] });

type RecoveryKit = z.input<typeof recoveryKitSchema>;

const about = [
  "With this file and the bucket's access key and secret key, everything can be restored without Tidemark. Those two keys are the owner's and are not in it.",
  'Whoever has this file and the bucket can read the backups: keep it apart from the bucket, from Tidemark and from its catalogue.',
  "The policy's key never changes. Make a new kit when a database is attached, restored, or its encryption is switched: each begins a generation; docs/format.md tells how the passphrase of one that is not listed here follows from the key.",
  "The procedure is Tidemark's docs/format.md, in its repository and beside its program; docs/decrypt.py there opens one object. howTo gives its commands for each database, filled in for its newest generation; it says where to put in another.",
];

export interface KitContents {
  readonly policy: PolicyRow;
  readonly databases: readonly DatabaseRow[];
  /** Of all of these databases. */
  readonly generations: readonly GenerationRow[];
  /** The policy's; undefined where nothing is encrypted. */
  readonly key: Buffer | undefined;
  /** The name under which it is saved. */
  readonly kitFile: string;
}

export function viewRecoveryKit({ policy, databases, generations, key, kitFile }: KitContents): RecoveryKit {
  const { id, name } = policy;
  return {
    format: 1,
    madeAt: isoOf(new Date()),
    about,
    policy: { id, name },
    store: storeOf(policy),
    encrypted: key !== undefined,
    policyKey: key?.toString('hex') ?? null,
    databases: databases.map((database) => {
      const kept = generations.filter((generation) => generation.database_id === database.id);
      return viewDatabase(policy, database, { kept, key, kitFile });
    }),
  };
}

function storeOf({ endpoint, region, bucket, prefix, ca_pem: caPem }: PolicyRow): RecoveryKit['store'] {
  return { endpoint, region, bucket, prefix, caPem };
}

function viewDatabase(
  policy: PolicyRow,
  database: DatabaseRow,
  { kept, key, kitFile }: { readonly kept: readonly GenerationRow[]; readonly key: Buffer | undefined; readonly kitFile: string },
): RecoveryKit['databases'][number] {
  const { id, name, engine, version, host, port } = database;
  const generation = kept.at(-1)?.number ?? 1;
  return {
    id,
    name,
    engine,
    version,
    host,
    port,
    generations: kept.map((row) => ({
      number: row.number,
      from: isoOf(row.created_at),
      until: maybeIsoOf(row.ended_at),
      encrypted: row.encrypted,
      pgbackrest: hasRepository(engine) ? viewRepository(policy, row, key) : null,
    })),
    howTo: recoverySteps({ kitFile, store: storeOf(policy), databaseId: id, engine, version, generation, hasKey: key !== undefined }),
  };
}

function viewRepository(policy: PolicyRow, generation: GenerationRow, key: Buffer | undefined): z.infer<typeof repositorySchema> {
  const { database_id: databaseId, number, encrypted } = generation;
  const passphrase = encrypted && key !== undefined ? repositoryPassphrase(key, databaseId, number) : undefined;
  const store = { ...storeOf(policy), accessKey: '<access key>', secretKey: '<secret key>' };
  return {
    stanza,
    path: repositoryPath(policy.prefix, databaseId, number),
    passphrase: passphrase ?? null,
    configuration: [
      '[global]',
      ...repositoryOptions({ databaseId, generation: number, passphrase }, store, policy.ca_pem === null ? undefined : caFile),
      `[${stanza}]`,
      'pg1-path=<an empty data directory>',
    ],
  };
}

function exampleKit() {
  const at = '2026-11-22T01:00:00.000Z';
  return {
    format: 1,
    madeAt: at,
    about: ['Whoever has this file and the bucket can read the backups: keep it apart.'],
    policy: { id: exampleIds.policy, name: 'nightly' },
    store: { endpoint: 's3.example.com', region: 'eu-central-1', bucket: 'backups', prefix: 'team', caPem: null },
    encrypted: true,
    policyKey: '00'.repeat(32),
    databases: [
      {
        id: exampleIds.database,
        name: 'orders-db',
        engine: 'mariadb',
        version: '11.4.9',
        host: 'db1.example.com',
        port: 3306,
        generations: [{ number: 1, from: at, until: null, encrypted: true, pgbackrest: null }],
        howTo: [{ text: 'Unpack a full into a directory.', commands: ['unpack full <backupId>'] }],
      },
    ],
  };
}
