import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/activity';
import { findOpenGeneration, getGeneration, nextGenerationNumber } from '#db/attachments.ts';
import { backupLink, listBackups } from '#db/backups.ts';
import type { BackupLink } from '#db/backups.ts';
import { loadHistories } from '#db/logs.ts';
import { getDatabase } from '#db/databases.ts';
import { getPolicy, openPolicyKey } from '#db/policies.ts';
import { recordRestorePlan } from '#db/tasks.ts';
import type { RestoreRow } from '#db/tasks.ts';
import { findChain } from '#domain/chain.ts';
import { type ErrorCode, messageOf, TidemarkError } from '#domain/errors.ts';
import type { RestorePlan } from '#domain/restore-plan.ts';
import { planBackupRestore, planTimeRestore } from '#domain/restore-plan.ts';
import type { HostActivities, RestoreRef, TransferActivities } from './activities.ts';
import type { ActivityDeps } from './context.ts';
import { isArchiving, withRepository } from './context.ts';
import type { RestoreRequest, RestoreSteps } from './engines/port.ts';
import { getEngine } from './engines/registry.ts';
import { bringLogsUpToDate, walkLogs } from './logs.ts';
import { getOwnRestore } from './ownership.ts';
import type { Attempt } from './wrap.ts';
import { wrapLong } from './wrap.ts';

type RestoreActivities = Pick<HostActivities, 'planRestore' | 'preflightRestore' | 'swapRestore' | 'swapBackRestore' | 'cleanUpRestore'> &
  Pick<TransferActivities, 'buildRestore' | 'recoverRestore'>;

type Step = Exclude<keyof RestoreSteps, 'archiveFormer'>;

export function createRestoreActivities(deps: ActivityDeps): RestoreActivities {
  const { db } = deps;
  const runStep = async (input: RestoreRef, attempt: Attempt, name: Step): Promise<void> => {
    const restore = await getOwnRestore(db, input);
    if (restore.generation === null) return;
    await withRepository(deps, { databaseId: input.databaseId, generation: restore.generation }, attempt, async (engine, context) => {
      await engine.restore[name](context, await requestOf(deps, restore));
    });
  };
  const step = (phase: string, name: Step) => wrapLong(db, phase, (input: RestoreRef, attempt) => runStep(input, attempt, name));
  return {
    planRestore: wrapLong(db, 'Planning', async (input: RestoreRef, attempt) => {
      const restore = await getOwnRestore(db, input);
      if (restore.generation !== null) return;
      const plan = await planOf(deps, restore, attempt);
      const base = plan.chain.at(-1);
      if (base === undefined) throw new TidemarkError('internal', `the plan of the restore ${restore.id} has no base`);
      const { policy_id: keptBy } = await getGeneration(db, restore.database_id, plan.generation);
      if (keptBy !== restore.policy_id) {
        throw new TidemarkError(
          'backup-not-restorable',
          `the backup ${base.id} is kept by the policy ${keptBy}, and the database is attached to ${restore.policy_id}`,
        );
      }
      await recordRestorePlan(db, restore.id, {
        base_backup_id: base.id,
        generation: plan.generation,
        new_generation: await nextGenerationNumber(db, restore.database_id),
      });
    }),
    preflightRestore: step('Looking at disk, tools and backup', 'preflight'),
    buildRestore: step('Building the data directory beside the running one', 'build'),
    recoverRestore: step('Recovering up to the target in private', 'recover'),
    swapRestore: wrapLong(db, 'Exchanging the data directories', (input: RestoreRef, attempt) =>
      untilVerdict(runStep(input, attempt, 'swap')),
    ),
    swapBackRestore: wrapLong(db, 'Putting the former data back', (input: RestoreRef, attempt) =>
      untilVerdict(runStep(input, attempt, 'swapBack')),
    ),
    cleanUpRestore: wrapLong(db, 'Cleaning up', async (input: RestoreRef, attempt) => {
      await archiveFormer(deps, input, attempt);
      await runStep(input, attempt, 'cleanUp');
    }),
  };
}

const mayPass: ReadonlySet<string> = new Set<ErrorCode>(['host-login-refused', 'host-sudo-refused', 'disk-full']);

/** Between stop and start a database is away: what keeps us from its host for a while, as one that has just booted does, is tried again. */
async function untilVerdict(step: Promise<void>): Promise<void> {
  await step.catch((error: unknown) => {
    if (!(error instanceof TidemarkError) || !mayPass.has(error.code)) throw error;
    throw ApplicationFailure.retryable(messageOf(error), error.code);
  });
}

/** What was committed until the replaced server was stopped stays restorable: its data goes only after its logs are archived. */
async function archiveFormer(deps: ActivityDeps, input: RestoreRef, attempt: Attempt): Promise<void> {
  const { databaseId, policyId } = input;
  const [policy, database, restore] = await Promise.all([
    getPolicy(deps.db, policyId),
    getDatabase(deps.db, databaseId),
    getOwnRestore(deps.db, input),
  ]);
  if (restore.generation === null || !isArchiving(policy, getEngine(database.engine))) return;
  const request = await requestOf(deps, restore);
  await walkLogs(deps, databaseId, attempt, {
    close: (engine, context) => engine.restore.archiveFormer(context, request),
    tells: false,
  });
}

async function planOf(deps: ActivityDeps, restore: RestoreRow, attempt: Attempt): Promise<RestorePlan<BackupLink>> {
  const backups = (await listBackups(deps.db, restore.database_id)).map(backupLink);
  if (restore.backup_id !== null) return planBackupRestore(backups, restore.backup_id);
  const target = restore.target_at?.getTime() ?? 0;
  const plan = async (): Promise<RestorePlan<BackupLink>> =>
    planTimeRestore(backups, await loadHistories(deps.db, restore.database_id, restore.policy_id), target);
  try {
    return await plan();
  } catch (outside) {
    await reachTarget(deps, restore.database_id, target, attempt, outside);
    return plan();
  }
}

/**
 * The window on record ends at the last look; a target after it may be in the archive as soon as that is brought up to
 * date. Where that cannot be done (the server is down, say), the answer stays what it was on record, with the reason.
 */
async function reachTarget(deps: ActivityDeps, databaseId: string, target: number, attempt: Attempt, outside: unknown): Promise<void> {
  if ((await findOpenGeneration(deps.db, databaseId)) === undefined || target > Date.now()) throw outside;
  try {
    for (let tries = 0; tries < 5; tries++) {
      const { mark } = await bringLogsUpToDate(deps, databaseId, attempt, { tells: false });
      if (mark.coversUntil.getTime() >= target) return;
      await sleep(1_000, undefined, { signal: attempt.signal });
    }
  } catch (error) {
    if (attempt.signal.aborted) throw error;
    throw new TidemarkError(
      'target-outside-window',
      `${messageOf(outside)}; and the archive could not be brought up to date: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function requestOf(deps: ActivityDeps, restore: RestoreRow): Promise<RestoreRequest> {
  const backups = (await listBackups(deps.db, restore.database_id)).map(backupLink);
  const chain = findChain(backups, restore.base_backup_id ?? '');
  const labels = (chain ?? []).flatMap((link) => (link.row.label === null ? [] : [link.row.label]));
  const label = labels.at(-1);
  if (label === undefined || restore.new_generation === null) {
    throw new TidemarkError('backup-not-restorable', `the base of the restore ${restore.id} is not there any more`);
  }
  const policy = await getPolicy(deps.db, restore.policy_id);
  return {
    restoreId: restore.id,
    label,
    chainLabels: labels,
    target: restore.target_at ?? undefined,
    newGeneration: restore.new_generation,
    newKey: policy.encryption_enabled ? openPolicyKey(deps.sealer, policy) : undefined,
  };
}
