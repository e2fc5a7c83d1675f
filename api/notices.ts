import { z } from 'zod';
import { listNotices } from '#db/notices.ts';
import { exampleIds } from '#domain/examples.ts';
import { noticeKinds } from '#domain/states.ts';
import { at, isoOf, maybeAt, maybeIsoOf } from './answers.ts';
import { flag, pageOf, rowPageQuery } from './paging.ts';
import { defineRoute } from './route.ts';

const noticeSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(noticeKinds),
    recipient: z.string(),
    subject: z.string(),
    createdAt: at,
    sentAt: maybeAt,
    lastError: z.string().nullable().describe('What keeps it from being sent; it is tried again for a week.'),
  })
  .meta({
    id: 'Notice',
    examples: [
      {
        id: exampleIds.notice,
        kind: 'backup-failed',
        recipient: 'ann@example.com',
        subject: 'Tidemark: backup of orders failed',
        createdAt: '2026-11-22T02:10:00.000Z',
        sentAt: null,
        lastError: 'connect ECONNREFUSED 192.0.2.25:25',
      },
    ],
  });

const noticeQuery = rowPageQuery.extend({ isSent: flag.optional() });

export const noticeRoutes = [
  defineRoute({
    method: 'get',
    path: '/api/v1/notices',
    operationId: 'listNotices',
    summary: 'The mails, newest first, with what keeps each from being sent.',
    auth: 'admin',
    query: noticeQuery,
    answer: { status: 200, description: 'The mails.', schema: pageOf(noticeSchema) },
    async handle(call) {
      const { isSent, ...asked } = call.query;
      const page = await listNotices(call.deps.db, { isSent }, asked);
      const items = page.items.map((row) => ({
        id: row.id,
        kind: row.kind,
        recipient: row.email,
        subject: row.subject,
        createdAt: isoOf(row.created_at),
        sentAt: maybeIsoOf(row.sent_at),
        lastError: row.last_error,
      }));
      return { ...page, items };
    },
  }),
];
