import { z } from 'zod';
import type { BackupRow } from '#db/backups.ts';
import { pageBackups } from '#db/backups.ts';
import { backupCreateSchema } from '#domain/backup.schema.ts';
import { exampleIds } from '#domain/examples.ts';
import { backupKinds, backupStatuses } from '#domain/states.ts';
import { at, failureSchema, idParams, isoOf, maybeAt, maybeIsoOf, viewFailure } from './answers.ts';
import { requestOperation } from './operations.ts';
import { getVisibleBackup, getVisibleDatabase, policyIdOf } from './ownership.ts';
import { pageOf, rowPageQuery } from './paging.ts';
import { defineRoute } from './route.ts';
import { taskSchema } from './task-view.ts';
import { viewNewTask } from './tasks.ts';

const backupSchema = z
  .object({
    id: z.uuid(),
    databaseId: z.uuid(),
    policyId: z.uuid(),
    kind: z.enum(backupKinds),
    status: z.enum(backupStatuses),
    generation: z.int(),
    parentId: z.uuid().nullable(),
    fallbackReason: z.string().nullable().describe('Why an incremental that was due became a full.'),
    sourceId: z.uuid().describe('The server that it was read from.'),
    sourceReason: z.string().nullable().describe('Why it was not read from a replica that was to be tried.'),
    label: z.string().nullable().describe("The engine's own name of it."),
    serverVersion: z.string().nullable(),
    consistentAt: maybeAt,
    sizeBytes: z.int().nullable(),
    storedBytes: z.int().nullable(),
    error: failureSchema.nullable(),
    createdAt: at,
    startedAt: maybeAt,
    endedAt: maybeAt,
  })
  .meta({
    id: 'Backup',
    examples: [
      {
        id: exampleIds.backup,
        databaseId: exampleIds.database,
        policyId: exampleIds.policy,
        kind: 'full',
        status: 'completed',
        generation: 1,
        parentId: null,
        fallbackReason: null,
        sourceId: exampleIds.database,
        sourceReason: null,
        label: '20261122-020001F',
        serverVersion: '17.6',
        consistentAt: '2026-11-22T02:09:30.000Z',
        sizeBytes: 4_000_000_000,
        storedBytes: 1_000_000_000,
        error: null,
        createdAt: '2026-11-22T02:00:00.000Z',
        startedAt: '2026-11-22T02:00:01.000Z',
        endedAt: '2026-11-22T02:10:00.000Z',
      },
    ],
  });

const backupQuery = rowPageQuery.extend({ kind: z.enum(backupKinds).optional(), status: z.enum(backupStatuses).optional() });

export const backupRoutes = [
  defineRoute({
    method: 'get',
    path: '/api/v1/databases/{id}/backups',
    operationId: 'listBackups',
    summary: "A database's backups, newest first.",
    auth: 'user',
    params: idParams,
    query: backupQuery,
    answer: { status: 200, description: 'The backups.', schema: pageOf(backupSchema) },
    async handle(call) {
      const database = await getVisibleDatabase(call, call.params.id);
      const { limit, cursor, ...filter } = call.query;
      const page = await pageBackups(call.deps.db, database.id, filter, { limit, cursor });
      return { ...page, items: page.items.map(viewBackup) };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/backups/{id}',
    operationId: 'getBackup',
    summary: 'One backup.',
    auth: 'user',
    params: idParams,
    answer: { status: 200, description: 'The backup.', schema: backupSchema },
    handle: async (call) => viewBackup(await getVisibleBackup(call, call.params.id)),
  }),
  defineRoute({
    method: 'post',
    path: '/api/v1/databases/{id}/backups',
    operationId: 'createBackup',
    summary:
      'Manual backup, now: a full unless an incremental is asked for. Refused while another operation of the database is waiting or running.',
    auth: 'user',
    problems: ['not-attached', 'database-busy', 'policy-not-ready', 'temporal-unavailable'],
    params: idParams,
    body: backupCreateSchema,
    answer: { status: 202, description: 'The backup has begun.', schema: taskSchema },
    async handle(call) {
      const database = await getVisibleDatabase(call, call.params.id);
      const taskId = await requestOperation(call, {
        update: 'manualBackup',
        kind: 'backup',
        policyId: policyIdOf(database),
        database,
        more: { backupKind: call.body.kind },
      });
      return viewNewTask(call.deps, taskId);
    },
  }),
];

function viewBackup(row: BackupRow): z.infer<typeof backupSchema> {
  return {
    id: row.id,
    databaseId: row.database_id,
    policyId: row.policy_id,
    kind: row.kind,
    status: row.status,
    generation: row.generation,
    parentId: row.parent_id,
    fallbackReason: row.fallback_reason,
    sourceId: row.source_id,
    sourceReason: row.source_reason,
    label: row.label,
    serverVersion: row.server_version,
    consistentAt: maybeIsoOf(row.consistent_at),
    sizeBytes: row.size_bytes,
    storedBytes: row.stored_bytes,
    error: viewFailure(row),
    createdAt: isoOf(row.created_at),
    startedAt: maybeIsoOf(row.started_at),
    endedAt: maybeIsoOf(row.ended_at),
  };
}
