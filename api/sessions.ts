import { z } from 'zod';
import { deleteSession, findUserByEmail, setReceivesAllNotices } from '#db/users.ts';
import type { UserRow } from '#db/users.ts';
import { TidemarkError } from '#domain/errors.ts';
import { userRoles } from '#domain/states.ts';
import { verifyPassword } from './passwords.ts';
import { defineRoute } from './route.ts';
import { closingCookie, openSession } from './session-cookie.ts';
import type { SignInGuard } from './sign-in-guard.ts';

const sessionCreateSchema = z
  .strictObject({ email: z.string().min(1).max(320), password: z.string().min(1).max(1024) })
  .meta({ id: 'SessionCreate' });

const userSchema = z
  .object({ id: z.uuid(), email: z.string(), name: z.string(), role: z.enum(userRoles), receivesAllNotices: z.boolean() })
  .meta({ id: 'User' });

const meEditSchema = z
  .strictObject({ receivesAllNotices: z.boolean().describe("Mails about everybody's policies, not only one's own; admins only.") })
  .meta({ id: 'MeEdit' });

const sessionSchema = z.object({ user: userSchema, expiresAt: z.iso.datetime() }).meta({ id: 'Session' });

export function createSessionRoutes(guard: SignInGuard) {
  return [
    defineRoute({
      method: 'post',
      path: '/api/v1/sessions',
      operationId: 'createSession',
      summary: 'Sign in. The session is a cookie.',
      auth: 'none',
      body: sessionCreateSchema,
      answer: { status: 201, description: 'Signed in.', schema: sessionSchema },
      async handle(call) {
        const { email, password } = call.body;
        guard.admit(email, call.peer.address);
        const found = await findUserByEmail(call.deps.db, email);
        const isRight = await verifyPassword(password, found?.password_hash);
        if (found === undefined || !isRight || found.disabled_at !== null)
          throw new TidemarkError('wrong-credentials', 'the e-mail address or the password is wrong');
        guard.succeed(email, call.peer.address);
        await call.audit(`user:${found.id}`, {}, call.deps.db, found.id);
        const session = await openSession(call.deps.db, found.id, call.peer);
        call.peer.setCookie(session.cookie);
        return { user: viewUser(found), expiresAt: session.expiresAt.toISOString() };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/api/v1/sessions/current',
      operationId: 'deleteSession',
      summary: 'Sign out.',
      auth: 'user',
      answer: { status: 204, description: 'Signed out.' },
      async handle(call) {
        await call.audit(`user:${call.user.id}`);
        await deleteSession(call.deps.db, call.user.sessionHash);
        call.peer.setCookie(closingCookie(call.peer));
      },
    }),
  ];
}

export const meRoutes = [
  defineRoute({
    method: 'get',
    path: '/api/v1/me',
    operationId: 'getMe',
    summary: 'Who is signed in.',
    auth: 'user',
    answer: { status: 200, description: 'The user of the session.', schema: userSchema },
    handle: async (call) => viewUser(call.user),
  }),
  defineRoute({
    method: 'patch',
    path: '/api/v1/me',
    operationId: 'editMe',
    summary: "Whether an admin gets the mails about everybody's policies.",
    auth: 'admin',
    body: meEditSchema,
    answer: { status: 200, description: 'Changed.', schema: userSchema },
    async handle(call) {
      const { receivesAllNotices } = call.body;
      await call.audit(`user:${call.user.id}`, { receivesAllNotices });
      await setReceivesAllNotices(call.deps.db, call.user.id, receivesAllNotices);
      return viewUser({ ...call.user, receives_all_notices: receivesAllNotices });
    },
  }),
];

function viewUser({ id, email, name, role, receives_all_notices: receivesAllNotices }: UserRow): z.infer<typeof userSchema> {
  return { id, email, name, role, receivesAllNotices };
}
