import { z } from 'zod';
import { exampleHostKey, exampleIds } from './examples.ts';
import { databaseRoles, engineNames } from './states.ts';
import { nameSchema } from './text.schema.ts';

const hostName = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/, 'must be a host name or an address');

const port = z.int().min(1).max(65_535);

const sshUser = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/, 'must be a user name');

/** What is inside is looked at by `api/ssh-key.ts`. */
const sshPrivateKey = z
  .string()
  .max(16_384)
  .regex(
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+-----END [A-Z ]*PRIVATE KEY-----/,
    'must be a private key in OpenSSH or PEM form, from its BEGIN line to its END line',
  )
  .describe('OpenSSH or PEM, without a passphrase.');

const sshKeyId = z.uuid().describe('A key pair of the same owner, made by POST /api/v1/ssh-keys; in the place of sshPrivateKey.');

interface LoginKey {
  readonly sshPrivateKey?: string | undefined;
  readonly sshKeyId?: string | undefined;
}

function hasLoginKey({ sshPrivateKey, sshKeyId }: LoginKey): boolean {
  return sshPrivateKey !== undefined || sshKeyId !== undefined;
}

/** Said beside what else is missing, not only once the rest is right. */
const loginKeyNeeded = {
  path: ['sshPrivateKey'],
  message: 'is needed, or sshKeyId in its place',
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
};

function hasOneKeyAtMost({ sshPrivateKey, sshKeyId }: LoginKey): boolean {
  return sshPrivateKey === undefined || sshKeyId === undefined;
}

const oneKeyAtMost = { path: ['sshKeyId'], message: 'cannot be given together with sshPrivateKey' };

const hostKey = z
  .string()
  .regex(/^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*$/, 'must be a public host key such as "ssh-ed25519 AAAA…"');

export const databaseCreateSchema = z
  .strictObject({
    name: nameSchema,
    engine: z.enum(engineNames),
    host: hostName,
    port: port.optional().describe("The server's port; the engine's usual one when left out."),
    sshPort: port.default(22),
    sshUser,
    sshPrivateKey: sshPrivateKey.optional(),
    sshKeyId: sshKeyId.optional(),
    hostKey: hostKey
      .optional()
      .describe(
        'The host key to expect. When left out, the key that the host shows at the first check is pinned; compare its fingerprint.',
      ),
    role: z.enum(databaseRoles).default('primary'),
    primaryId: z.uuid().optional().describe('Of which primary; needed when role is replica.'),
    ownerId: z.uuid().optional().describe('Whose database it will be; admins only.'),
  })
  .refine((value) => (value.role === 'replica') === (value.primaryId !== undefined), {
    path: ['primaryId'],
    message: 'is needed for a replica, and only there',
  })
  .refine(hasLoginKey, loginKeyNeeded)
  .refine(hasOneKeyAtMost, oneKeyAtMost)
  .meta({
    id: 'DatabaseCreate',
    examples: [
      {
        name: 'orders',
        engine: 'postgresql',
        host: 'db1.example.com',
        port: 5432,
        sshPort: 22,
        sshUser: 'tidemark',
        sshPrivateKey: '-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n',
        hostKey: exampleHostKey,
        role: 'primary',
      },
    ],
  });

export type DatabaseCreate = z.infer<typeof databaseCreateSchema>;

export const databaseEditSchema = z
  .strictObject({
    name: nameSchema.optional(),
    host: hostName.optional().describe('Where the same machine is found now: it has to show the same host key.'),
    port: port.optional().describe('Of another server on the machine; only while the database is not attached.'),
    sshPort: port.optional(),
    sshUser: sshUser.optional(),
    sshPrivateKey: sshPrivateKey.optional(),
    sshKeyId: sshKeyId.optional(),
    hostKey: hostKey
      .nullable()
      .optional()
      .describe('The new host key of a machine that was installed anew; null pins the one that the next check sees.'),
  })
  .refine(hasOneKeyAtMost, oneKeyAtMost)
  .meta({ id: 'DatabaseEdit', examples: [{ host: 'db2.example.com', sshPort: 2222 }] });

export type DatabaseEdit = z.infer<typeof databaseEditSchema>;

export const databaseTestSchema = z
  .strictObject({
    engine: z.enum(engineNames),
    host: hostName,
    port: port.optional().describe("The server's port; the engine's usual one when left out."),
    sshPort: port.default(22),
    sshUser,
    sshPrivateKey: sshPrivateKey.optional(),
    sshKeyId: sshKeyId.optional(),
    hostKey: hostKey.optional().describe('The host key to expect. When left out, the one that the host shows is taken.'),
  })
  .refine(hasOneKeyAtMost, oneKeyAtMost)
  .meta({
    id: 'DatabaseTest',
    examples: [
      {
        engine: 'postgresql',
        host: 'db1.example.com',
        port: 5432,
        sshPort: 22,
        sshUser: 'tidemark',
        sshKeyId: exampleIds.sshKey,
        hostKey: exampleHostKey,
      },
    ],
  });

export type DatabaseTest = z.infer<typeof databaseTestSchema>;

export const databaseDeletionSchema = z
  .strictObject({ confirmName: z.string().max(100).describe("The database's name, as a confirmation.") })
  .meta({ id: 'DatabaseDeletion', examples: [{ confirmName: 'orders' }] });
