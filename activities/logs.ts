import { setTimeout as sleep } from 'node:timers/promises';
import { markPitr } from '#db/attachments.ts';
import { listBackups } from '#db/backups.ts';
import type { BackupRow } from '#db/backups.ts';
import { getDatabase } from '#db/databases.ts';
import { listToldGaps, recordLogs } from '#db/logs.ts';
import { getPolicy } from '#db/policies.ts';
import { loadRetentionPlan } from '#db/retention.ts';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import type { HostActivities, LogGaps, LogsRef } from './activities.ts';
import { getOpenGeneration } from './attachments.ts';
import type { ActivityDeps } from './context.ts';
import { isArchiving, withRepository } from './context.ts';
import type { Engine, EngineContext, LogMark, LogReport } from './engines/port.ts';
import { getEngine } from './engines/registry.ts';
import type { Attempt } from './wrap.ts';
import { wrapLong } from './wrap.ts';

type LogActivities = Pick<HostActivities, 'checkLogs'>;

export function createLogActivities(deps: ActivityDeps): LogActivities {
  const { db } = deps;
  return {
    checkLogs: wrapLong(db, 'Checking the log archive', async ({ databaseId, policyId }: LogsRef, attempt) => {
      const [policy, database] = await Promise.all([getPolicy(db, policyId), getDatabase(db, databaseId)]);
      if (!isArchiving(policy, getEngine(database.engine))) return { open: [], found: [] };
      try {
        const { open, found } = await bringLogsUpToDate(deps, databaseId, attempt, { tells: true });
        if (policy.pitr_enabled) await markPitr(db, databaseId, open.length === 0 ? 'active' : 'error', open[0] ?? null);
        return { open, found };
      } catch (error) {
        if (policy.pitr_enabled) await markPitr(db, databaseId, 'error', messageOf(error));
        throw error;
      }
    }),
  };
}

interface LogWalk extends LogGaps {
  readonly mark: LogMark;
}

/** Everything up to now is archived, walked over and recorded. Gaps that are found count as told only where the caller tells people of them. */
export async function bringLogsUpToDate(
  deps: ActivityDeps,
  databaseId: string,
  attempt: Attempt,
  { tells }: { readonly tells: boolean },
): Promise<LogWalk> {
  const walk = await walkLogs(deps, databaseId, attempt, { close: flushBeyond, tells });
  if (walk === undefined) throw new TidemarkError('internal', `the logs of ${databaseId} have no end`);
  return walk;
}

type Close = (engine: Engine, context: EngineContext, consistentAt: number) => Promise<LogMark | undefined>;

/** Brings the open generation's archive up to what `close` says, walks over it and records it; undefined where there is nothing to close. */
export async function walkLogs(
  deps: ActivityDeps,
  databaseId: string,
  attempt: Attempt,
  { close, tells }: { readonly close: Close; readonly tells: boolean },
): Promise<LogWalk | undefined> {
  const { number: generation, policy_id: policyId } = await getOpenGeneration(deps.db, databaseId);
  const backups = (await listBackups(deps.db, databaseId)).filter(
    (backup) => backup.generation === generation && backup.status === 'completed',
  );
  return withRepository(deps, { databaseId, generation }, attempt, async (engine, context) => {
    const mark = await close(engine, context, Math.max(0, ...backups.map((backup) => backup.consistent_at?.getTime() ?? 0)));
    if (mark === undefined) return undefined;
    const from = Math.min(
      mark.sequence,
      (await findWindowStart(deps, policyId, databaseId, generation)) ?? Math.min(...firstLogs(backups)),
    );
    const report = await engine.checkContinuity(context, from, [mark]);
    const known = new Set(await listToldGaps(deps.db, databaseId, generation));
    const gaps = report.gaps.map((gap) => ({ ...gap, told: tells || known.has(gap.sequence) }));
    await record(deps, databaseId, generation, { ...report, gaps });
    const newest = Math.max(from, ...firstLogs(backups));
    const found = report.gaps.filter((gap) => !known.has(gap.sequence)).map((gap) => gap.reason);
    return { mark, found, open: report.gaps.filter((gap) => gap.sequence >= newest).map((gap) => gap.reason) };
  });
}

/** The log archive with which the promised window begins: what is older may have been removed. */
async function findWindowStart(deps: ActivityDeps, policyId: string, databaseId: string, generation: number): Promise<number | undefined> {
  const { logs } = await loadRetentionPlan(deps.db, policyId, databaseId);
  const open = logs.find((of) => of.generation === generation)?.keep.at(-1);
  return open?.to === undefined && open !== undefined && open.from > 0 ? open.from : undefined;
}

/** A backup opens a window only when the logs are known to reach beyond it: right after one, that takes a second or two. */
async function flushBeyond(engine: Engine, context: EngineContext, consistentAt: number): Promise<LogMark> {
  const mark = await engine.flushLogs(context);
  const missingMs = consistentAt - mark.coversUntil.getTime();
  if (missingMs < 0) return mark;
  await sleep(Math.min(missingMs + 100, 5_000), undefined, { signal: context.signal });
  return engine.flushLogs(context);
}

function firstLogs(backups: readonly BackupRow[]): number[] {
  return backups.flatMap((backup) => (backup.first_log === null ? [] : [backup.first_log]));
}

async function record(deps: ActivityDeps, databaseId: string, generation: number, report: LogReport): Promise<void> {
  await recordLogs(
    deps.db,
    { database_id: databaseId, generation },
    report.pieces.map((piece) => ({
      sequence: piece.sequence,
      name: piece.name,
      size_bytes: piece.sizeBytes,
      archived_at: piece.archivedAt,
      covers_until_at: piece.coversUntil,
    })),
    report.gaps,
  );
}
