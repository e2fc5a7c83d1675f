import { z } from 'zod';
import type { AuditRow } from '#db/audit.ts';
import { listAuditRows, verifyAuditRows } from '#db/audit.ts';
import { exampleIds } from '#domain/examples.ts';
import { auditOutcomes } from '#domain/states.ts';
import { at, isoOf } from './answers.ts';
import { pageOf, pageQuery } from './paging.ts';
import { defineRoute } from './route.ts';

const auditRowSchema = z
  .object({
    id: z.int(),
    at,
    actorId: z.uuid().nullable(),
    action: z.string().describe('The operationId of what was asked for.'),
    subject: z.string().describe('On what: kind and id.'),
    outcome: z
      .enum(auditOutcomes)
      .describe('`begun` is written before the effect, the others after it; `unknown` where nobody could say whether it came.'),
    details: z.record(z.string(), z.unknown()).describe('Without secrets.'),
    remoteAddress: z.string().nullable(),
    requestId: z.uuid().nullable().describe('That of the answer, of the log lines, and of the rows that belong together.'),
    hash: z.string().describe('SHA-256 over the row and the hash of the row before, in hex.'),
  })
  .meta({
    id: 'AuditRow',
    examples: [
      {
        id: 4711,
        at: '2026-11-22T21:55:00.000Z',
        actorId: exampleIds.user,
        action: 'createRestore',
        subject: `database:${exampleIds.database}`,
        outcome: 'done',
        details: {},
        remoteAddress: '203.0.113.9',
        requestId: exampleIds.request,
        hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      },
    ],
  });

const auditQuery = pageQuery(z.coerce.number().int().min(1)).extend({
  actorId: z.uuid().optional(),
  subject: z.string().max(200).optional(),
  action: z.string().max(100).optional(),
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
});

const verificationSchema = z
  .object({
    ok: z.boolean(),
    rows: z.int(),
    brokenAt: z.int().nullable().describe('The first row that was changed, or before which one is missing.'),
    newest: z
      .object({ id: z.int(), hash: z.string() })
      .nullable()
      .describe('Noted elsewhere, it shows later that nothing was cut off at the end.'),
  })
  .meta({
    id: 'AuditVerification',
    examples: [
      {
        ok: true,
        rows: 4711,
        brokenAt: null,
        newest: { id: 4711, hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' },
      },
    ],
  });

export const auditRoutes = [
  defineRoute({
    method: 'get',
    path: '/api/v1/audit-rows',
    operationId: 'listAuditRows',
    summary: 'Who did what, newest first. Following the cursor to its end exports them all.',
    auth: 'admin',
    query: auditQuery,
    answer: { status: 200, description: 'A page of rows.', schema: pageOf(auditRowSchema) },
    async handle(call) {
      const { limit, cursor, from, to, ...filter } = call.query;
      const times = { from: from === undefined ? undefined : new Date(from), to: to === undefined ? undefined : new Date(to) };
      const rows = await listAuditRows(call.deps.db, { ...filter, ...times, before: cursor }, limit);
      return { items: rows.map(viewAuditRow), nextCursor: rows.length < limit ? null : String(rows.at(-1)?.id) };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/audit-rows/verification',
    operationId: 'verifyAuditRows',
    summary: 'Whether a row was changed or taken away. Reads them all.',
    auth: 'admin',
    answer: { status: 200, description: 'What was found.', schema: verificationSchema },
    async handle(call) {
      const { rows, brokenAt, newest } = await verifyAuditRows(call.deps.db);
      return { ok: brokenAt === null, rows, brokenAt, newest: newest && { id: newest.id, hash: newest.hash.toString('hex') } };
    },
  }),
];

function viewAuditRow(row: AuditRow): z.infer<typeof auditRowSchema> {
  return {
    id: row.id,
    at: isoOf(row.at),
    actorId: row.actor_id,
    action: row.action,
    subject: row.subject,
    outcome: row.outcome,
    details: row.details,
    remoteAddress: row.remote_address,
    requestId: row.request_id,
    hash: row.hash.toString('hex'),
  };
}

/** What an edit changes of what is shown, which holds no secret: before and after, field by field. */
export function changesOf(before: object, after: object): Record<string, { from: unknown; to: unknown }> {
  const later = Object.fromEntries(Object.entries(after));
  const changed = Object.entries(before).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(later[field]));
  return Object.fromEntries(changed.map(([field, from]) => [field, { from, to: later[field] }]));
}
