import { z } from 'zod';
import type { Change } from '#db/changes.ts';
import { TidemarkError } from '#domain/errors.ts';
import { changeKinds } from '#domain/states.ts';
import type { Subscribe } from './event-stream.ts';
import { defineRoute, type SignedIn } from './route.ts';

/** More than anybody has windows. */
const MAX_STREAMS = 20;

const changeSchema = z
  .object({
    kind: z.enum(changeKinds),
    id: z.string().describe("An attachment's is that of its database."),
    databaseId: z.uuid().nullable(),
    policyId: z.uuid().nullable(),
  })
  .meta({ id: 'Change' });

/** Counts the streams of each user, so that nobody opens them without end. */
export function createEventRoutes() {
  const open = new Map<string, number>();
  return [
    defineRoute({
      method: 'get',
      path: '/api/v1/events',
      operationId: 'watchChanges',
      summary:
        'What changes, as server-sent events, as long as one listens. A `change` says what to ask for again; after `missed` (also the first event) everything should be.',
      auth: 'user',
      answer: { status: 200, description: 'The events.', events: changeSchema },
      async handle({ deps, user }): Promise<Subscribe> {
        return (tell) => {
          const streams = open.get(user.id) ?? 0;
          if (streams >= MAX_STREAMS) throw new TidemarkError('too-many-attempts', `${streams} event streams of yours are open already`);
          open.set(user.id, streams + 1);
          const leave = deps.changes.subscribe((event) => {
            if (event.type !== 'change' || isVisible(user, event.change)) tell(event);
          });
          return () => {
            leave();
            open.set(user.id, (open.get(user.id) ?? 1) - 1);
          };
        };
      },
    }),
  ];
}

function isVisible(user: SignedIn, { ownerId }: Change): boolean {
  return user.role === 'admin' || ownerId === user.id;
}
