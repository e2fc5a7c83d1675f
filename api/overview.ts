import { z } from 'zod';
import { listAllOverviews } from '#db/databases.ts';
import type { TroubledPolicy } from '#db/overview.ts';
import { countPolicies, countTasks, listTroubledPolicies, sumStored, sumStoredByDay } from '#db/overview.ts';
import { countUnsentNotices } from '#db/notices.ts';
import { exampleIds } from '#domain/examples.ts';
import { policyStatuses } from '#domain/states.ts';
import { at } from './answers.ts';
import { type databaseSchema, viewDatabase } from './database-view.ts';
import { ownerFilter } from './ownership.ts';
import { defineRoute } from './route.ts';

const DAY_MS = 24 * 3_600_000;
const SHOWN_DAYS = 30;
/** Of each kind of trouble; how many there are is told beside them. */
const SHOWN_ITEMS = 20;

const count = z.int().min(0);
const bytes = z.int().min(0);

const databaseRef = z.object({ id: z.uuid(), name: z.string(), ownerId: z.uuid() });

const troubledPolicySchema = databaseRef.extend({
  status: z.enum(policyStatuses),
  consecutiveFailures: count,
  lastError: z.string().nullable(),
});

const storedDaySchema = z.object({
  day: z.iso.date().describe('UTC.'),
  backups: count,
  writtenBytes: bytes.describe('By the backups that ended that day.'),
  keptBytes: bytes.describe('Of those, what has not been deleted since.'),
});

const overviewSchema = z
  .object({
    databases: count,
    policies: count,
    unprotected: some(databaseRef).describe('Primaries that are attached to no policy.'),
    overdue: some(databaseRef.extend({ since: at })).describe('Databases of which a backup that the schedule promised is missing.'),
    unreachable: some(databaseRef.extend({ message: z.string().nullable() })).describe('Databases whose last check failed.'),
    pitrInTrouble: some(databaseRef.extend({ message: z.string().nullable() })).describe('Databases whose log archiving is in trouble.'),
    failing: some(troubledPolicySchema).describe('Policies whose last backup failed, that are paused, or whose store cannot be used.'),
    tasks: z.object({ queued: count, running: count, failedLastDay: count }),
    stored: z.object({
      backups: count,
      backupBytes: bytes,
      logBytes: bytes,
      days: z.array(storedDaySchema).describe('The last 30 days, oldest first, each of them.'),
    }),
    unsentNotices: count
      .nullable()
      .describe('Mails that are not sent and still tried, as each is for a week; told to admins who look at everybody.'),
  })
  .meta({
    id: 'Overview',
    examples: [
      {
        databases: 2,
        policies: 1,
        unprotected: { total: 1, items: [{ id: exampleIds.database, name: 'orders', ownerId: exampleIds.user }] },
        overdue: { total: 0, items: [] },
        unreachable: { total: 0, items: [] },
        pitrInTrouble: { total: 0, items: [] },
        failing: { total: 0, items: [] },
        tasks: { queued: 0, running: 1, failedLastDay: 0 },
        stored: {
          backups: 7,
          backupBytes: 7_300_000_000,
          logBytes: 400_000_000,
          days: [{ day: '2026-11-22', backups: 1, writtenBytes: 1_043_000_000, keptBytes: 1_043_000_000 }],
        },
        unsentNotices: null,
      },
    ],
  });

const overviewQuery = z.strictObject({ ownerId: z.uuid().optional().describe('Of one user; admins only, who see everybody without it.') });

export const overviewRoutes = [
  defineRoute({
    method: 'get',
    path: '/api/v1/overview',
    operationId: 'getOverview',
    summary: 'What needs somebody, what runs, how much is stored and how it grows. Of each trouble the first 20 are named.',
    auth: 'user',
    problems: ['not-allowed'],
    query: overviewQuery,
    answer: { status: 200, description: 'The overview.', schema: overviewSchema },
    async handle(call) {
      const ownerId = ownerFilter(call.user, call.query.ownerId);
      const { db } = call.deps;
      const now = Date.now();
      const firstDay = now - (now % DAY_MS) - (SHOWN_DAYS - 1) * DAY_MS;
      const [rows, policies, troubled, tasks, stored, days] = await Promise.all([
        listAllOverviews(db, ownerId),
        countPolicies(db, ownerId),
        listTroubledPolicies(db, ownerId),
        countTasks(db, ownerId, new Date(now - DAY_MS)),
        sumStored(db, ownerId),
        sumStoredByDay(db, ownerId, new Date(firstDay)),
      ]);
      return {
        policies,
        ...troublesOf(rows.map(viewDatabase)),
        failing: firstOf(troubled.map(viewTroubledPolicy)),
        tasks: { queued: tasks.get('queued') ?? 0, running: tasks.get('running') ?? 0, failedLastDay: tasks.get('failed') ?? 0 },
        stored: {
          backups: stored.backups,
          backupBytes: stored.backup_bytes,
          logBytes: stored.log_bytes,
          days: everyDay(firstDay, days),
        },
        unsentNotices: ownerId === undefined ? await countUnsentNotices(db) : null,
      };
    },
  }),
];

function some<S extends z.ZodType>(item: S) {
  return z.object({ total: count, items: z.array(item) });
}

function firstOf<T>(items: readonly T[]): { total: number; items: T[] } {
  return { total: items.length, items: items.slice(0, SHOWN_ITEMS) };
}

function troublesOf(databases: readonly z.infer<typeof databaseSchema>[]) {
  const ref = ({ id, name, ownerId }: z.infer<typeof databaseSchema>) => ({ id, name, ownerId });
  return {
    databases: databases.length,
    unprotected: firstOf(databases.filter(({ role, attachment }) => role === 'primary' && attachment === null).map(ref)),
    overdue: firstOf(
      databases.flatMap((database) =>
        typeof database.attachment?.overdueSince === 'string' ? [{ ...ref(database), since: database.attachment.overdueSince }] : [],
      ),
    ),
    unreachable: firstOf(
      databases.filter(({ status }) => status === 'error').map((database) => ({ ...ref(database), message: database.statusMessage })),
    ),
    pitrInTrouble: firstOf(
      databases.flatMap((database) =>
        database.attachment?.pitrStatus === 'error' ? [{ ...ref(database), message: database.attachment.pitrMessage }] : [],
      ),
    ),
  };
}

function viewTroubledPolicy(row: TroubledPolicy): z.infer<typeof troubledPolicySchema> {
  const { id, name, owner_id: ownerId, status, consecutive_failures: consecutiveFailures, last_error: lastError } = row;
  return { id, name, ownerId, status, consecutiveFailures, lastError };
}

function everyDay(first: number, days: Awaited<ReturnType<typeof sumStoredByDay>>): z.infer<typeof storedDaySchema>[] {
  const found = new Map(days.map((day) => [day.day, day]));
  return Array.from({ length: SHOWN_DAYS }, (_, index) => {
    const day = new Date(first + index * DAY_MS).toISOString().slice(0, 10);
    const { backups = 0, written_bytes: writtenBytes = 0, kept_bytes: keptBytes = 0 } = found.get(day) ?? {};
    return { day, backups, writtenBytes, keptBytes };
  });
}
