import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { deleteSessionsOf } from '#db/sessions.ts';
import type { TokenRow } from '#db/tokens.ts';
import { deleteToken, insertToken, listTokens } from '#db/tokens.ts';
import { getUser, updateUser } from '#db/users.ts';
import { meEditSchema, passwordChangeSchema, tokenCreateSchema } from '#domain/account.schema.ts';
import { TidemarkError } from '#domain/errors.ts';
import { exampleIds } from '#domain/examples.ts';
import { tokenScopes } from '#domain/states.ts';
import { at, examplesOf, idParams, isoOf, listOf, maybeAt, maybeIsoOf } from './answers.ts';
import { refuseGuessable } from './guessable-passwords.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { invalidField } from './problems.ts';
import { requireRevision } from './revisions.ts';
import { defineRoute } from './route.ts';
import { createToken, hashToken } from './session-cookie.ts';
import type { SignInGuard } from './sign-in-guard.ts';
import { userSchema, viewUser } from './user-view.ts';

const DAY_MS = 24 * 3_600_000;

const tokenSchema = z
  .object({ id: z.uuid(), name: z.string(), scope: z.enum(tokenScopes), createdAt: at, expiresAt: at, lastUsedAt: maybeAt })
  .meta({
    id: 'Token',
    examples: [
      {
        id: exampleIds.token,
        name: 'nightly report',
        scope: 'read',
        createdAt: '2026-11-01T09:00:00.000Z',
        expiresAt: '2027-01-30T09:00:00.000Z',
        lastUsedAt: '2026-11-22T06:00:00.000Z',
      },
    ],
  });

const createdTokenSchema = tokenSchema
  .extend({ secret: z.string().describe('To be sent as `Authorization: Bearer …`. It is shown this once.') })
  .meta({ id: 'CreatedToken', examples: examplesOf(tokenSchema).map((token) => ({ ...token, lastUsedAt: null, secret: 'tidemark_…' })) });

/** What concerns whoever is signed in. */
export function createMeRoutes(guard: SignInGuard) {
  return [
    ...profileRoutes,
    defineRoute({
      method: 'post',
      path: '/api/v1/me/password-changes',
      operationId: 'changePassword',
      summary: "Change one's password. All other sessions end; tokens stay.",
      auth: 'user',
      needs: 'session',
      problems: ['too-many-attempts'],
      body: passwordChangeSchema,
      answer: { status: 204, description: 'Changed.' },
      async handle(call) {
        const { user, body, deps, peer } = call;
        guard.admit(user.email, peer.address);
        if (!(await verifyPassword(body.currentPassword, user.password_hash))) throw invalidField('currentPassword', 'is wrong');
        guard.succeed(user.email, peer.address);
        refuseGuessable('newPassword', body.newPassword, user);
        const password_hash = await hashPassword(body.newPassword);
        await deps.db.transaction().execute(async (transaction) => {
          await call.audit(`user:${user.id}`, {}, transaction);
          await updateUser(transaction, user.id, { password_hash });
          await deleteSessionsOf(transaction, user.id, user.access.id);
        });
      },
    }),
    ...tokenRoutes,
  ];
}

const profileRoutes = [
  defineRoute({
    method: 'get',
    path: '/api/v1/me',
    operationId: 'getMe',
    summary: 'Who is signed in.',
    auth: 'user',
    answer: { status: 200, description: 'The user of the session or token.', schema: userSchema },
    handle: async (call) => viewUser(call.user),
  }),
  defineRoute({
    method: 'patch',
    path: '/api/v1/me',
    operationId: 'editMe',
    summary: "One's name, and whether an admin gets the mails about everybody's policies.",
    auth: 'user',
    needs: 'session',
    body: meEditSchema,
    answer: { status: 200, description: 'Changed.', schema: userSchema },
    async handle(call) {
      const { name, receivesAllNotices } = call.body;
      if (receivesAllNotices !== undefined && call.user.role !== 'admin')
        throw new TidemarkError('not-allowed', "only admins may have the mails about everybody's policies");
      const change = {
        ...(name === undefined ? {} : { name }),
        ...(receivesAllNotices === undefined ? {} : { receives_all_notices: receivesAllNotices }),
      };
      await call.deps.db.transaction().execute(async (transaction) => {
        await call.audit(`user:${call.user.id}`, { name, receivesAllNotices }, transaction);
        await requireRevision(transaction, 'users', call.user.id, call.expectedRevision);
        if (Object.keys(change).length > 0) await updateUser(transaction, call.user.id, change);
      });
      return viewUser(await getUser(call.deps.db, call.user.id));
    },
  }),
];

const tokenRoutes = [
  defineRoute({
    method: 'get',
    path: '/api/v1/tokens',
    operationId: 'listTokens',
    summary: "One's API tokens, by name, with when each was used last.",
    auth: 'user',
    needs: 'session',
    answer: { status: 200, description: 'The tokens; their secrets are not known here.', schema: listOf(tokenSchema) },
    handle: async (call) => ({ items: (await listTokens(call.deps.db, call.user.id)).map(viewToken) }),
  }),
  defineRoute({
    method: 'post',
    path: '/api/v1/tokens',
    operationId: 'createToken',
    summary: 'Make a token for a program. Its secret is shown this once.',
    auth: 'user',
    needs: 'fresh-session',
    problems: ['already-exists'],
    body: tokenCreateSchema,
    answer: { status: 201, description: 'Made.', schema: createdTokenSchema },
    async handle(call) {
      const { name, scope, expiresInDays } = call.body;
      const secret = createToken();
      const row = {
        id: randomUUID(),
        user_id: call.user.id,
        name,
        scope,
        token_hash: hashToken(secret),
        expires_at: new Date(Date.now() + expiresInDays * DAY_MS),
      };
      await call.deps.db.transaction().execute(async (transaction) => {
        await call.audit(`token:${row.id}`, { name, scope, expiresInDays }, transaction);
        await insertToken(transaction, row);
      });
      return { ...viewToken({ ...row, created_at: new Date(), last_used_at: null }), secret };
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/api/v1/tokens/{id}',
    operationId: 'deleteToken',
    summary: 'Revoke a token, at once.',
    auth: 'user',
    needs: 'session',
    params: idParams,
    answer: { status: 204, description: 'It is worth nothing any more.' },
    async handle(call) {
      await call.audit(`token:${call.params.id}`);
      if (!(await deleteToken(call.deps.db, call.user.id, call.params.id)))
        throw new TidemarkError('not-found', `there is no token ${call.params.id}`);
    },
  }),
];

function viewToken(row: Omit<TokenRow, 'token_hash' | 'user_id'>): z.infer<typeof tokenSchema> {
  const { id, name, scope } = row;
  const times = { createdAt: isoOf(row.created_at), expiresAt: isoOf(row.expires_at), lastUsedAt: maybeIsoOf(row.last_used_at) };
  return { id, name, scope, ...times };
}
