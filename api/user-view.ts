import { z } from 'zod';
import type { UserRow } from '#db/users.ts';
import { exampleIds } from '#domain/examples.ts';
import { userRoles } from '#domain/states.ts';
import { at, isoOf, maybeAt, maybeIsoOf, revisionSchema } from './answers.ts';

export const userSchema = z
  .object({
    id: z.uuid(),
    email: z.string(),
    name: z.string(),
    role: z.enum(userRoles),
    receivesAllNotices: z.boolean(),
    disabledAt: maybeAt,
    revision: revisionSchema,
    createdAt: at,
  })
  .meta({
    id: 'User',
    examples: [
      {
        id: exampleIds.user,
        email: 'ann@example.com',
        name: 'Ann',
        role: 'user',
        receivesAllNotices: false,
        disabledAt: null,
        revision: 1,
        createdAt: '2026-11-01T09:00:00.000Z',
      },
    ],
  });

export function viewUser(row: UserRow): z.infer<typeof userSchema> {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    role: row.role,
    receivesAllNotices: row.receives_all_notices,
    disabledAt: maybeIsoOf(row.disabled_at),
    revision: row.revision,
    createdAt: isoOf(row.created_at),
  };
}
