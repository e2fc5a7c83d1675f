import {
  attachDatabase,
  beginGeneration,
  deleteAttachment,
  endOpenGeneration,
  findOpenGeneration,
  markPitr,
  nextGenerationNumber,
} from '#db/attachments.ts';
import type { GenerationRow } from '#db/attachments.ts';
import { listBackups } from '#db/backups.ts';
import { getDatabase } from '#db/databases.ts';
import type { PolicyRow } from '#db/policies.ts';
import { getPolicy } from '#db/policies.ts';
import type { Catalogue } from '#db/tables.ts';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import { identityKey } from '#domain/names.ts';
import type { CatalogueActivities, HostActivities, TaskRef } from './activities.ts';
import type { ActivityDeps } from './context.ts';
import { isArchiving, withHost, withRepository } from './context.ts';
import type { EngineContext } from './engines/port.ts';
import { refuseOtherOwner } from './ownership.ts';
import { wrapLong, wrapShort } from './wrap.ts';

type AttachmentActivities = Pick<CatalogueActivities, 'openAttachment' | 'closeAttachment' | 'planConfiguration' | 'switchEncryption'> &
  Pick<HostActivities, 'prepareHost' | 'armPitr' | 'disarmPitr'>;

export function createAttachmentActivities(deps: ActivityDeps): AttachmentActivities {
  const { db } = deps;
  return {
    openAttachment: wrapShort(async ({ policyId, databaseId }: TaskRef) => {
      const [database, policy] = await Promise.all([getDatabase(db, databaseId), getPolicy(db, policyId)]);
      refuseOtherOwner(database, policy);
      if (database.role !== 'primary' || database.status !== 'active') {
        throw new TidemarkError('not-attachable', `${database.name} is a ${database.role} in status ${database.status}`);
      }
      await attachDatabase(db, databaseId, policyId);
      if ((await findOpenGeneration(db, databaseId)) !== undefined) return;
      await beginNextGeneration(db, databaseId, policy, 'attached');
    }),

    closeAttachment: wrapShort(async ({ policyId, databaseId }: TaskRef) => {
      if ((await findOpenGeneration(db, databaseId))?.policy_id === policyId) await endOpenGeneration(db, databaseId);
      await deleteAttachment(db, databaseId, policyId);
    }),

    planConfiguration: wrapShort((input) => planConfiguration(db, input)),

    switchEncryption: wrapShort((input) => switchEncryption(db, input)),

    prepareHost: wrapLong(db, 'Installing backup tools', async ({ databaseId }: TaskRef, attempt) => {
      await showingPitr(db, databaseId, () => withHost(deps, databaseId, attempt, (engine, context) => engine.prepare(context)));
    }),

    armPitr: wrapLong(db, 'Configuring log archiving', async ({ databaseId, policyId }: TaskRef, attempt) => {
      const policy = await getPolicy(db, policyId);
      const generation = await getOpenGeneration(db, databaseId);
      await showingPitr(db, databaseId, () =>
        withRepository(deps, { databaseId, generation: generation.number }, attempt, async (engine, context, database) => {
          await writeIdentity(context, { name: database.name, engine: database.engine, version: database.version, policyId });
          if (isArchiving(policy, engine)) await engine.arm(context);
          else await engine.disarm(context);
        }),
      );
      await markPitr(db, databaseId, policy.pitr_enabled ? 'active' : 'disabled');
    }),

    disarmPitr: wrapLong(db, 'Turning log archiving off', async ({ databaseId, policyId }: TaskRef, attempt) => {
      const generation = await findOpenGeneration(db, databaseId);
      // Another policy's archiving is not ours to end.
      if (generation?.policy_id !== policyId) return;
      await withRepository(deps, { databaseId, generation: generation.number }, attempt, (engine, context) => engine.disarm(context));
    }),
  };
}

/** The attachment shows that log archiving is being configured, and why it could not be. */
async function showingPitr(db: Catalogue, databaseId: string, work: () => Promise<void>): Promise<void> {
  await markPitr(db, databaseId, 'configuring');
  try {
    await work();
  } catch (error) {
    await markPitr(db, databaseId, 'error', messageOf(error));
    throw error;
  }
}

/** Told from what is there, so that a second attempt says the same. A backup that was taken while no logs were archived opens no window. */
async function planConfiguration(
  db: Catalogue,
  { policyId, databaseId }: TaskRef,
): Promise<{ switchesEncryption: boolean; needsFull: boolean }> {
  const [policy, open, backups] = await Promise.all([
    getPolicy(db, policyId),
    getOpenGeneration(db, databaseId),
    listBackups(db, databaseId),
  ]);
  const switchesEncryption = open.encrypted !== policy.encryption_enabled;
  const newest = backups.find(({ generation, status }) => generation === open.number && status === 'completed');
  const opensNoWindow = newest === undefined || (policy.pitr_enabled && newest.first_log === null);
  return { switchesEncryption, needsFull: switchesEncryption || opensNoWindow };
}

async function switchEncryption(db: Catalogue, { policyId, databaseId }: TaskRef): Promise<void> {
  const [policy, open] = await Promise.all([getPolicy(db, policyId), getOpenGeneration(db, databaseId)]);
  if (open.encrypted === policy.encryption_enabled) return;
  await beginNextGeneration(db, databaseId, policy, 'encryption-switched');
}

async function beginNextGeneration(db: Catalogue, databaseId: string, policy: PolicyRow, reason: string): Promise<void> {
  await beginGeneration(db, {
    database_id: databaseId,
    number: await nextGenerationNumber(db, databaseId),
    policy_id: policy.id,
    encrypted: policy.encryption_enabled,
    reason,
  });
}

export async function getOpenGeneration(db: Catalogue, databaseId: string): Promise<GenerationRow> {
  const generation = await findOpenGeneration(db, databaseId);
  if (generation === undefined) throw new TidemarkError('not-attached', `the database ${databaseId} is not attached to a policy`);
  return generation;
}

/** Who this is, for whoever has only the bucket. */
async function writeIdentity(
  context: EngineContext,
  identity: { readonly name: string; readonly engine: string; readonly version: string | null; readonly policyId: string },
): Promise<void> {
  const { store, generation, key } = context.repository;
  const content = { format: 1, databaseId: context.database.id, ...identity, generation, encrypted: key !== undefined };
  await store.put(identityKey(context.database.id), Buffer.from(`${JSON.stringify(content, null, 2)}\n`));
}
