import { isDoneOnce, type Route } from './route.ts';

type Json = Record<string, unknown>;

/** Of requests that can be sent twice, and of edits that may meet. */
export function headerParameters(route: Route): Json[] {
  if (route.method === 'patch') return [ifMatch];
  return isDoneOnce(route) ? [idempotencyKey] : [];
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Of your choice, such as a UUID: the same request under the same key is done once, and answered the same for a day.',
  schema: { type: 'string', minLength: 1, maxLength: 200, pattern: '^[!-~]+$' },
};

const ifMatch = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description: "The ETag of the last answer, so that nobody's edit in between is overwritten.",
  schema: { type: 'string', pattern: '^(\\*|"[1-9][0-9]{0,8}")$' },
};
