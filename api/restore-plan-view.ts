import { z } from 'zod';
import type { BackupLink } from '#db/backups.ts';
import { sumLogs } from '#db/logs.ts';
import { exampleIds } from '#domain/examples.ts';
import type { RestorePlan } from '#domain/restore-plan.ts';
import { backupKinds } from '#domain/states.ts';
import { maybeAt, maybeIsoOf } from './answers.ts';
import type { ApiDeps } from './route.ts';

/** Replay as it was measured on small machines; a backup's own time is the measure for bringing it back. */
const REPLAY_BYTES_PER_SECOND = 10_000_000;

export const restorePlanSchema = z
  .object({
    databaseId: z.uuid(),
    isKnown: z
      .boolean()
      .describe('false for a target after the last archived log: its logs are archived first, and only then the plan can be made.'),
    generation: z.int().nullable(),
    chain: z
      .array(z.object({ backupId: z.uuid(), kind: z.enum(backupKinds), consistentAt: maybeAt, sizeBytes: z.int().nullable() }))
      .describe('The full and the incrementals that are brought back, in their order.'),
    logs: z.object({ pieces: z.int(), bytes: z.int() }).nullable().describe('What is replayed after them; null for a restore of a backup.'),
    diskBytes: z
      .int()
      .nullable()
      .describe('About so much has to be free on the host, beside the running database. It is looked at before anything is changed.'),
    expectedSeconds: z.int().nullable().describe('An estimate, from how long the backups took.'),
  })
  .meta({
    id: 'RestorePlan',
    examples: [
      {
        databaseId: exampleIds.database,
        isKnown: true,
        generation: 1,
        chain: [{ backupId: exampleIds.backup, kind: 'full', consistentAt: '2026-11-22T02:09:30.000Z', sizeBytes: 4_000_000_000 }],
        logs: { pieces: 71, bytes: 1_191_182_336 },
        diskBytes: 5_191_182_336,
        expectedSeconds: 420,
      },
    ],
  });

type View = z.infer<typeof restorePlanSchema>;

export function emptyPlan(databaseId: string): View {
  return { databaseId, isKnown: false, generation: null, chain: [], logs: null, diskBytes: null, expectedSeconds: null };
}

export async function viewRestorePlan({ db }: ApiDeps, databaseId: string, plan: RestorePlan<BackupLink>): Promise<View> {
  const { chain, generation, target } = plan;
  const base = chain.at(-1)?.row;
  const logs =
    target === undefined ? null : await sumLogs(db, { database_id: databaseId, generation }, base?.first_log ?? 0, new Date(target));
  const sizes = chain.map(({ row }) => row.size_bytes);
  const replayed = logs?.bytes ?? 0;
  return {
    databaseId,
    isKnown: true,
    generation,
    chain: chain.map(({ row }) => ({
      backupId: row.id,
      kind: row.kind,
      consistentAt: maybeIsoOf(row.consistent_at),
      sizeBytes: row.size_bytes,
    })),
    logs,
    diskBytes: sizes.includes(null) ? null : Math.max(...sizes.map((size) => size ?? 0)) + replayed,
    expectedSeconds: expectedSeconds(chain, replayed),
  };
}

function expectedSeconds(chain: readonly BackupLink[], replayed: number): number | null {
  const taken = chain.map(({ row }) =>
    row.started_at === null || row.ended_at === null ? null : row.ended_at.getTime() - row.started_at.getTime(),
  );
  if (taken.includes(null)) return null;
  return Math.ceil(taken.reduce((sum: number, ms) => sum + (ms ?? 0), 0) / 1000 + replayed / REPLAY_BYTES_PER_SECOND);
}
