import { z } from 'zod';

/**
 * Without control characters, ends of lines and what turns the direction of writing. In ranges that every dialect of patterns knows,
 * for it stands in the OpenAPI document too.
 */
// oxlint-disable-next-line no-control-regex -- they are what it keeps out
const harmless = /^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+$/;

/** What people call a thing; it stands in lists, mails and configuration files, where it must not look like another. */
export const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(harmless, 'must not contain control characters, nor what turns the direction of writing');
