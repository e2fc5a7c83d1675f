import { z } from 'zod';

/** What people call a thing; it stands in lists, mails and configuration files. */
export const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}]+$/u, 'must not contain control characters');
