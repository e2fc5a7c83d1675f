import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { SshKeyRow } from '#db/ssh-keys.ts';
import { deleteUnusedSshKeys, findSshKey, insertSshKey, privateKeyPlace } from '#db/ssh-keys.ts';
import { exampleHostKey, exampleIds } from '#domain/examples.ts';
import { at, idParams, isoOf } from './answers.ts';
import { getVisibleSshKey, ownerOfNew } from './ownership.ts';
import { invalidField } from './problems.ts';
import type { ApiDeps, UserCall } from './route.ts';
import { defineRoute } from './route.ts';
import { createSshKeyPair } from './ssh-key-pair.ts';
import { fingerprintOf, normalisePrivateKey } from './ssh-key.ts';
import { watch } from './watch.ts';

const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;
const UNUSED_DAYS = 7;

const sshKeySchema = z
  .object({
    id: z.uuid(),
    publicKey: z.string().describe("The line for the SSH user's authorized_keys."),
    fingerprint: z.string().describe('SHA256, as `ssh-keygen -l` shows it.'),
    createdAt: at,
  })
  .meta({
    id: 'SshKey',
    examples: [
      {
        id: exampleIds.sshKey,
        publicKey: `${exampleHostKey} tidemark`,
        fingerprint: 'SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDd1xZbpF1AA6r4CAk',
        createdAt: '2026-11-22T01:00:00.000Z',
      },
    ],
  });

const sshKeyCreateSchema = z
  .strictObject({ ownerId: z.uuid().optional().describe('For whose databases it will be; admins only.') })
  .meta({ id: 'SshKeyCreate', examples: [{ ownerId: exampleIds.user }] });

export const sshKeyRoutes = [
  defineRoute({
    method: 'post',
    path: '/api/v1/ssh-keys',
    operationId: 'createSshKey',
    summary: `Make a key pair (Ed25519) for the logins of one's databases. The private key never leaves the server; a pair that no database uses is removed after ${UNUSED_DAYS} days.`,
    auth: 'user',
    body: sshKeyCreateSchema,
    answer: { status: 201, description: 'The public key.', schema: sshKeySchema },
    async handle(call) {
      const owner_id = await ownerOfNew(call, call.body.ownerId);
      const id = randomUUID();
      const { publicKey: public_key, privateKey } = createSshKeyPair();
      const private_key_sealed = call.deps.sealer.seal(privateKey, privateKeyPlace(id));
      await call.deps.db.transaction().execute(async (transaction) => {
        await call.audit(`ssh-key:${id}`, { ownerId: owner_id, fingerprint: fingerprintOf(public_key) }, transaction);
        await insertSshKey(transaction, { id, owner_id, public_key, private_key_sealed });
      });
      return viewSshKey(await getVisibleSshKey(call, id));
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/ssh-keys/{id}',
    operationId: 'getSshKey',
    summary: 'The public key of a pair that Tidemark made.',
    auth: 'user',
    params: idParams,
    answer: { status: 200, description: 'The public key.', schema: sshKeySchema },
    handle: async (call) => viewSshKey(await getVisibleSshKey(call, call.params.id)),
  }),
];

/** With what a database is logged in to, as a request says it: a key that was brought along, or the id of a pair. */
interface LoginKey {
  readonly sshPrivateKey?: string | undefined;
  readonly sshKeyId?: string | undefined;
}

/** The private key that is meant, or undefined where none is. Throws `invalid-request` where it is unusable, or not the owner's. */
export async function findLoginKey(call: UserCall, login: LoginKey, ownerId: string): Promise<string | undefined> {
  return openLoginKey(call, login, (key) => key.owner_id === ownerId);
}

/** As `findLoginKey`, for what has no owner yet: of any key that the caller may see. */
export async function findVisibleLoginKey(call: UserCall, login: LoginKey): Promise<string | undefined> {
  return openLoginKey(call, login, (key) => call.user.role === 'admin' || key.owner_id === call.user.id);
}

/** As `findLoginKey`, where the request was held to name one. */
export async function getLoginKey(call: UserCall, login: LoginKey, ownerId: string): Promise<string> {
  const privateKey = await findLoginKey(call, login, ownerId);
  if (privateKey === undefined) throw invalidField('sshPrivateKey', 'is needed, or sshKeyId in its place');
  return privateKey;
}

async function openLoginKey(
  { deps }: UserCall,
  { sshPrivateKey, sshKeyId }: LoginKey,
  isTheirs: (key: SshKeyRow) => boolean,
): Promise<string | undefined> {
  if (sshPrivateKey !== undefined) return normalisePrivateKey(sshPrivateKey);
  if (sshKeyId === undefined) return undefined;
  const key = await findSshKey(deps.db, sshKeyId);
  if (key === undefined || !isTheirs(key)) throw invalidField('sshKeyId', `there is no SSH key ${sshKeyId}`);
  return deps.sealer.open(key.private_key_sealed, privateKeyPlace(key.id)).toString();
}

/** Removes the pairs that no database uses and that are a week old. */
export async function removeUnusedKeys({ db, logger }: ApiDeps, now = Date.now()): Promise<void> {
  const sshKeys = await deleteUnusedSshKeys(db, new Date(now - UNUSED_DAYS * DAY_MS));
  if (sshKeys.length > 0) logger.info({ sshKeys }, 'SSH keys that nothing used have been removed');
}

export function watchUnusedKeys(deps: ApiDeps): { stop(): Promise<void> } {
  return watch(deps, HOUR_MS, 'unused SSH keys', () => removeUnusedKeys(deps));
}

function viewSshKey(row: SshKeyRow): z.infer<typeof sshKeySchema> {
  return { id: row.id, publicKey: row.public_key, fingerprint: fingerprintOf(row.public_key), createdAt: isoOf(row.created_at) };
}
