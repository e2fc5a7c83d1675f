import { z } from 'zod';
import { tokenScopes, userRoles } from './states.ts';
import { nameSchema } from './text.schema.ts';

const MIN_PASSWORD_LENGTH = 12;
const MIN_DISTINCT_CHARACTERS = 6;

/** Long rather than intricate: https://pages.nist.gov/800-63-4/sp800-63b.html#password */
export const passwordSchema = z
  .string()
  .min(MIN_PASSWORD_LENGTH, `needs at least ${MIN_PASSWORD_LENGTH} characters`)
  .max(1024)
  .refine((password) => new Set(password).size >= MIN_DISTINCT_CHARACTERS, `needs at least ${MIN_DISTINCT_CHARACTERS} different characters`)
  .refine((password) => !/tidemark/i.test(password), 'must not name Tidemark: that is guessed first');

/** Zod's own pattern, but no part of the domain ends in a dash or is longer than 63. Of lengths: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1 */
const mailAddress =
  /^(?:[A-Za-z0-9_'+-]+\.)*[A-Za-z0-9_'+-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;

const emailSchema = z
  .email({ pattern: mailAddress })
  .max(254)
  .refine((email) => email.indexOf('@') <= 64, 'must not have more than 64 characters before the @')
  .toLowerCase();

export const userCreateSchema = z
  .strictObject({
    email: emailSchema,
    name: nameSchema,
    role: z.enum(userRoles).default('user'),
    password: passwordSchema.describe('The first one; the user should change it.'),
  })
  .meta({ id: 'UserCreate', examples: [{ email: 'ann@example.com', name: 'Ann', role: 'user', password: 'correct horse battery' }] });

export const userEditSchema = z
  .strictObject({
    name: nameSchema.optional(),
    role: z.enum(userRoles).optional(),
    isDisabled: z.boolean().optional().describe('A disabled user cannot sign in; sessions and tokens end at once. What is theirs goes on.'),
    password: passwordSchema.optional().describe('A new one, for somebody who has lost theirs.'),
  })
  .meta({ id: 'UserEdit', examples: [{ role: 'admin' }, { isDisabled: true }] });

export const meEditSchema = z
  .strictObject({
    name: nameSchema.optional(),
    receivesAllNotices: z.boolean().optional().describe("Mails about everybody's policies, not only one's own; admins only."),
  })
  .meta({ id: 'MeEdit', examples: [{ name: 'Ann', receivesAllNotices: true }] });

export const passwordChangeSchema = z
  .strictObject({ currentPassword: z.string().min(1).max(1024), newPassword: passwordSchema })
  .meta({ id: 'PasswordChange', examples: [{ currentPassword: 'correct horse battery', newPassword: 'battery staple horse' }] });

export const tokenCreateSchema = z
  .strictObject({
    name: nameSchema,
    scope: z
      .enum(tokenScopes)
      .describe(
        '`read` looks; `operate` also acts, but neither restores nor deletes backups; `full` does that too. None manages accounts.',
      ),
    expiresInDays: z.int().min(1).max(365).default(90),
  })
  .meta({ id: 'TokenCreate', examples: [{ name: 'nightly report', scope: 'read', expiresInDays: 90 }] });
