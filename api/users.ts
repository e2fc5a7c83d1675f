import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { deleteSessionsOf } from '#db/sessions.ts';
import type { UserRow } from '#db/users.ts';
import { getUser, insertUser, listUsers, lockAdmins, updateUser } from '#db/users.ts';
import { userCreateSchema, userEditSchema } from '#domain/account.schema.ts';
import { TidemarkError } from '#domain/errors.ts';
import { changesOf } from './audit.ts';
import { idParams, listOf } from './answers.ts';
import { refuseGuessable } from './guessable-passwords.ts';
import { hashPassword } from './passwords.ts';
import { InvalidRequestError } from './problems.ts';
import { requireRevision } from './revisions.ts';
import { defineRoute } from './route.ts';
import { userSchema, viewUser } from './user-view.ts';

export const userRoutes = [
  defineRoute({
    method: 'get',
    path: '/api/v1/users',
    operationId: 'listUsers',
    summary: 'The users, by e-mail address.',
    auth: 'admin',
    answer: { status: 200, description: 'The users.', schema: listOf(userSchema) },
    handle: async (call) => ({ items: (await listUsers(call.deps.db)).map(viewUser) }),
  }),
  defineRoute({
    method: 'get',
    path: '/api/v1/users/{id}',
    operationId: 'getUser',
    summary: 'One user.',
    auth: 'admin',
    params: idParams,
    answer: { status: 200, description: 'The user.', schema: userSchema },
    handle: async (call) => viewUser(await getUser(call.deps.db, call.params.id)),
  }),
  defineRoute({
    method: 'post',
    path: '/api/v1/users',
    operationId: 'createUser',
    summary: 'Add a user.',
    auth: 'admin',
    needs: 'fresh-session',
    problems: ['already-exists'],
    body: userCreateSchema,
    answer: { status: 201, description: 'Added.', schema: userSchema },
    async handle(call) {
      const { email, name, role, password } = call.body;
      refuseGuessable('password', password, { email, name });
      const user = { id: randomUUID(), email, name, role, password_hash: await hashPassword(password) };
      await call.deps.db.transaction().execute(async (transaction) => {
        await call.audit(`user:${user.id}`, { email, name, role }, transaction);
        await insertUser(transaction, user);
      });
      return viewUser(await getUser(call.deps.db, user.id));
    },
  }),
  defineRoute({
    method: 'patch',
    path: '/api/v1/users/{id}',
    operationId: 'editUser',
    summary: "Change a user's name or role, disable or enable them, or give them a new password. Their sessions end with all but the name.",
    auth: 'admin',
    needs: 'fresh-session',
    problems: ['last-admin'],
    params: idParams,
    body: userEditSchema,
    answer: { status: 200, description: 'Changed.', schema: userSchema },
    async handle(call) {
      const user = await getUser(call.deps.db, call.params.id);
      const { password } = call.body;
      if (Object.keys(call.body).length === 0)
        throw new InvalidRequestError([{ in: 'body', path: '', message: 'name at least one field to change' }]);
      if (password !== undefined) refuseGuessable('password', password, user);
      const change = { ...changeOf(user, call.body), ...(password === undefined ? {} : { password_hash: await hashPassword(password) }) };
      await call.deps.db.transaction().execute(async (transaction) => {
        await call.audit(
          `user:${user.id}`,
          { fields: Object.keys(call.body), changes: changesOf(viewUser(user), viewUser({ ...user, ...change })) },
          transaction,
        );
        await requireRevision(transaction, 'users', user.id, call.expectedRevision);
        if (change.role === 'user' || change.disabled_at instanceof Date) refuseLastAdmin(user, await lockAdmins(transaction));
        if (Object.keys(change).length > 0) await updateUser(transaction, user.id, change);
        const keepId = user.id === call.user.id ? call.user.access.id : undefined;
        if (Object.keys(change).some((field) => field !== 'name')) await deleteSessionsOf(transaction, user.id, keepId);
      });
      return viewUser(await getUser(call.deps.db, user.id));
    },
  }),
];

function changeOf(user: UserRow, { name, role, isDisabled }: z.infer<typeof userEditSchema>): Parameters<typeof updateUser>[2] {
  return {
    ...(name === undefined ? {} : { name }),
    ...(role === undefined || role === user.role ? {} : { role, ...(role === 'user' ? { receives_all_notices: false } : {}) }),
    ...(isDisabled === undefined || isDisabled === (user.disabled_at !== null) ? {} : { disabled_at: isDisabled ? new Date() : null }),
  };
}

function refuseLastAdmin(user: UserRow, admins: readonly string[]): void {
  if (admins.every((id) => id === user.id)) throw new TidemarkError('last-admin', `${user.email} is the only admin that is left`);
}
