import { z } from 'zod';
import type { DatabaseOverview } from '#db/databases.ts';
import { loadHistories } from '#db/logs.ts';
import { findPolicy } from '#db/policies.ts';
import { exampleIds } from '#domain/examples.ts';
import type { RecoveryWindow } from '#domain/recovery-window.ts';
import { recoveryWindow } from '#domain/recovery-window.ts';
import { at, idParams } from './answers.ts';
import { getVisibleDatabase } from './ownership.ts';
import type { ApiDeps } from './route.ts';
import { defineRoute } from './route.ts';

const intervalSchema = z.object({ from: at, to: at });

const recoveryWindowSchema = z
  .object({
    databaseId: z.uuid(),
    intervals: z.array(intervalSchema).describe('A time after `from` and not after `to` can be restored.'),
    holes: z.array(intervalSchema.extend({ reason: z.string() })).describe('Between the intervals; times in them cannot be restored.'),
    reason: z.string().nullable().describe('Why there is no interval at all.'),
  })
  .meta({
    id: 'RecoveryWindow',
    examples: [
      {
        databaseId: exampleIds.database,
        intervals: [
          { from: '2026-11-15T02:09:30.000Z', to: '2026-11-18T14:00:00.000Z' },
          { from: '2026-11-18T20:05:00.000Z', to: '2026-11-22T09:29:58.000Z' },
        ],
        holes: [
          { from: '2026-11-18T14:00:00.000Z', to: '2026-11-18T20:05:00.000Z', reason: '000000010000000000000007 is gone from the bucket' },
        ],
        reason: null,
      },
    ],
  });

export const recoveryWindowRoutes = [
  defineRoute({
    method: 'get',
    path: '/api/v1/databases/{id}/recovery-window',
    operationId: 'getRecoveryWindow',
    summary: 'To which times a database can be restored.',
    auth: 'user',
    params: idParams,
    answer: { status: 200, description: 'The recovery window.', schema: recoveryWindowSchema },
    async handle(call) {
      const database = await getVisibleDatabase(call, call.params.id);
      const off = await pitrOffReason(call.deps, database);
      const { intervals, holes } = off === undefined ? await windowOf(call.deps, database) : emptyWindow;
      return {
        databaseId: database.id,
        intervals: intervals.map(({ from, to }) => ({ from: isoAt(from), to: isoAt(to) })),
        holes: holes.map(({ from, to, reason }) => ({ from: isoAt(from), to: isoAt(to), reason })),
        reason: off ?? (intervals.length === 0 ? await reasonOfNone(call.deps, database) : null),
      };
    },
  }),
];

const emptyWindow: RecoveryWindow = { intervals: [], holes: [] };

/** undefined unless the database is attached to a policy without point-in-time recovery. */
export async function pitrOffReason(deps: ApiDeps, database: DatabaseOverview): Promise<string | undefined> {
  if (database.policy_id === null) return undefined;
  const policy = await findPolicy(deps.db, database.policy_id);
  return policy?.pitr_enabled === false ? `point-in-time recovery is off in the policy "${policy.name}"` : undefined;
}

/** What a policy does not keep, it cannot restore: an attached database's window is its policy's. */
async function windowOf({ db }: ApiDeps, { id, policy_id: policyId }: DatabaseOverview): Promise<RecoveryWindow> {
  return recoveryWindow(await loadHistories(db, id, policyId ?? undefined));
}

async function reasonOfNone({ db }: ApiDeps, { id, policy_id: policyId }: DatabaseOverview): Promise<string> {
  if (policyId === null) return 'the database is not attached to a policy';
  const elsewhere = recoveryWindow(await loadHistories(db, id));
  const words = 'no backup with the logs after it is complete yet';
  return elsewhere.intervals.length === 0
    ? words
    : `${words}; earlier times are kept by another policy: attach the database to it for those`;
}

function isoAt(time: number): string {
  return new Date(time).toISOString();
}
