import { z } from 'zod';

/** What people call a thing; it stands in lists, mails and configuration files, where it must not look like another. */
export const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(
    /^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+$/u,
    'must not contain control characters, nor what turns the direction of writing',
  );
