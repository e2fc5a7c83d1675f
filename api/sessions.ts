import { z } from 'zod';
import type { SessionRow } from '#db/sessions.ts';
import { confirmSession, deleteSession, listSessions } from '#db/sessions.ts';
import { findUserByEmail, lockUser } from '#db/users.ts';
import { TidemarkError } from '#domain/errors.ts';
import { exampleIds } from '#domain/examples.ts';
import { at, examplesOf, idParams, isoOf, listOf } from './answers.ts';
import { verifyPassword } from './passwords.ts';
import type { Call } from './route.ts';
import { defineRoute } from './route.ts';
import { closingCookie, idleSince, openSession } from './session-cookie.ts';
import type { SignInGuard } from './sign-in-guard.ts';
import { userSchema, viewUser } from './user-view.ts';

const password = z.string().min(1).max(1024);
const sessionCreateSchema = z
  .strictObject({ email: z.string().min(1).max(320), password })
  .meta({ id: 'SessionCreate', examples: [{ email: 'ann@example.com', password: 'correct horse battery' }] });
const confirmationSchema = z.strictObject({ password }).meta({ id: 'Confirmation', examples: [{ password: 'correct horse battery' }] });
const sessionSchema = z
  .object({ user: userSchema, expiresAt: z.iso.datetime() })
  .meta({ id: 'Session', examples: examplesOf(userSchema).map((user) => ({ user, expiresAt: '2026-11-29T09:00:00.000Z' })) });

const openSessionSchema = z
  .object({
    id: z.uuid(),
    isCurrent: z.boolean(),
    createdAt: at,
    lastSeenAt: at,
    expiresAt: at,
    address: z.string().nullable().describe('From which was signed in.'),
    userAgent: z.string().nullable(),
  })
  .meta({
    id: 'OpenSession',
    examples: [
      {
        id: exampleIds.session,
        isCurrent: true,
        createdAt: '2026-11-22T09:00:00.000Z',
        lastSeenAt: '2026-11-22T09:30:00.000Z',
        expiresAt: '2026-11-29T09:00:00.000Z',
        address: '203.0.113.9',
        userAgent: 'curl/8.14.1',
      },
    ],
  });

export function createSessionRoutes(guard: SignInGuard) {
  return [
    defineRoute({
      method: 'post',
      path: '/api/v1/sessions',
      operationId: 'createSession',
      summary: 'Sign in. The session is a cookie.',
      auth: 'none',
      problems: ['wrong-credentials', 'too-many-attempts'],
      body: sessionCreateSchema,
      answer: { status: 201, description: 'Signed in.', schema: sessionSchema },
      async handle(call) {
        const { email } = call.body;
        guard.admit(email, call.peer.address);
        const found = await findUserByEmail(call.deps.db, email);
        const isRight = await verifyPassword(call.body.password, found?.password_hash);
        if (found === undefined || !isRight || found.disabled_at !== null) {
          logRefused(call, found?.id);
          throw new TidemarkError('wrong-credentials', 'the e-mail address or the password is wrong');
        }
        guard.succeed(email, call.peer.address);
        await call.audit(`user:${found.id}`, {}, call.deps.db, found.id);
        const session = await call.deps.db.transaction().execute(async (transaction) => {
          // it may have been changed, or its user disabled, while it was compared
          const now = await lockUser(transaction, found.id);
          if (now?.password_hash !== found.password_hash || now.disabled_at !== null)
            throw new TidemarkError('wrong-credentials', 'the e-mail address or the password is wrong');
          return openSession(transaction, found.id, call.peer);
        });
        call.peer.setCookie(session.cookie);
        return { user: viewUser(found), expiresAt: session.expiresAt.toISOString() };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/api/v1/sessions/current/confirmations',
      operationId: 'confirmSession',
      summary: 'Give the password again, so that for 15 minutes the session may restore, delete and manage accounts.',
      auth: 'user',
      needs: 'session',
      problems: ['wrong-credentials', 'too-many-attempts'],
      body: confirmationSchema,
      answer: { status: 204, description: 'Confirmed.' },
      async handle(call) {
        const { user, peer } = call;
        guard.admit(user.email, peer.address);
        if (!(await verifyPassword(call.body.password, user.password_hash))) {
          logRefused(call, user.id);
          throw new TidemarkError('wrong-credentials', 'the password is wrong');
        }
        guard.succeed(user.email, peer.address);
        await call.audit(`user:${user.id}`);
        await confirmSession(call.deps.db, user.access.id);
      },
    }),
    ...ownSessionRoutes,
  ];
}

const ownSessionRoutes = [
  defineRoute({
    method: 'delete',
    path: '/api/v1/sessions/current',
    operationId: 'deleteCurrentSession',
    summary: 'Sign out.',
    auth: 'user',
    needs: 'session',
    answer: { status: 204, description: 'Signed out.' },
    async handle(call) {
      await call.audit(`user:${call.user.id}`);
      await deleteSession(call.deps.db, call.user.id, call.user.access.id);
      call.peer.setCookie(closingCookie(call.peer));
    },
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/sessions',
    operationId: 'listSessions',
    summary: "One's open sessions, the one that was used last first.",
    auth: 'user',
    needs: 'session',
    answer: { status: 200, description: 'The sessions.', schema: listOf(openSessionSchema) },
    async handle(call) {
      const rows = await listSessions(call.deps.db, call.user.id, idleSince());
      return { items: rows.map((row) => viewSession(row, call.user.access.id)) };
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/api/v1/sessions/{id}',
    operationId: 'deleteSession',
    summary: "End one of one's sessions.",
    auth: 'user',
    needs: 'session',
    params: idParams,
    answer: { status: 204, description: 'It is over.' },
    async handle(call) {
      await call.audit(`session:${call.params.id}`);
      if (!(await deleteSession(call.deps.db, call.user.id, call.params.id)))
        throw new TidemarkError('not-found', `there is no session ${call.params.id}`);
    },
  }),
];

/** Into the log, since strangers could fill the audit log. Not the address that was typed: some type their password there. */
function logRefused({ deps, requestId, peer }: Call, userId: string | undefined): void {
  deps.logger.warn({ requestId, userId: userId ?? null, address: peer.address }, 'wrong password');
}

function viewSession(row: SessionRow, currentId: string): z.infer<typeof openSessionSchema> {
  return {
    id: row.id,
    isCurrent: row.id === currentId,
    createdAt: isoOf(row.created_at),
    lastSeenAt: isoOf(row.last_seen_at),
    expiresAt: isoOf(row.expires_at),
    address: row.address,
    userAgent: row.user_agent,
  };
}
