import type { ZodType } from 'zod';
import { z } from 'zod';
import type { ErrorCode } from '#domain/errors.ts';
import { errorCatalogue } from '#domain/errors.ts';
import { exampleIds } from '#domain/examples.ts';
import { isDoneOnce, type Route } from './route.ts';

type Json = Record<string, unknown>;

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What failed, with which value.'),
    code: z.enum(Object.keys(errorCatalogue)).describe('Stable: what programs go by.'),
    hint: z.string().describe('What you can do.'),
    requestId: z.uuid(),
    errors: z
      .array(
        z.object({
          in: z.enum(['path', 'query', 'header', 'body']),
          path: z.string().describe('Dotted, such as `store.bucket`; empty when the whole is meant.'),
          message: z.string(),
        }),
      )
      .optional()
      .describe('Field by field, what is wrong with the request.'),
  })
  .meta({
    id: 'Problem',
    examples: [
      {
        type: 'urn:tidemark:problem:invalid-request',
        title: 'Invalid request',
        status: 400,
        detail: 'store.bucket: must be 3 to 63 lower-case letters, digits, dots and dashes',
        code: 'invalid-request',
        hint: errorCatalogue['invalid-request'].hint,
        requestId: exampleIds.request,
        errors: [{ in: 'body', path: 'store.bucket', message: 'must be 3 to 63 lower-case letters, digits, dots and dashes' }],
      },
    ],
  });

const retryAfter = { 'Retry-After': { description: 'Seconds to wait.', required: true, schema: { type: 'integer', minimum: 0 } } };

/** The document's own responses, to which the routes' refer. */
export function problemResponses(schemaOf: (schema: ZodType) => Json): Json {
  const content = { 'application/problem+json': { schema: schemaOf(problemSchema) } };
  return {
    Problem: { description: 'What went wrong, and what can be done.', content },
    Retry: { description: 'Not now: `Retry-After` says when.', headers: retryAfter, content },
  };
}

/** How a route may refuse: by what it is, and by what it says itself. */
export function responsesOf(route: Route): Json {
  const codes = [...new Set([...usualProblems(route), ...(route.problems ?? [])])];
  const statuses = [...new Set(codes.map(statusOf)), ...unreadableStatuses(route)].toSorted((a, b) => a - b);
  return {
    ...Object.fromEntries(
      statuses.map((status) => [
        String(status),
        responseOf(
          status,
          codes.filter((code) => statusOf(code) === status),
        ),
      ]),
    ),
    '5XX': { $ref: '#/components/responses/Problem' },
  };
}

function responseOf(status: number, codes: readonly ErrorCode[]): Json {
  const name = status === 429 || status === 503 ? 'Retry' : 'Problem';
  const description = codes.length === 0 ? {} : { description: codes.map((code) => `\`${code}\``).join(', ') };
  return { $ref: `#/components/responses/${name}`, ...description };
}

function usualProblems(route: Route): ErrorCode[] {
  const { auth, needs, method, params, query, body, path } = route;
  const isEdit = method === 'patch';
  const isRead = params !== undefined || query !== undefined || body !== undefined || isEdit || isDoneOnce(route);
  const isProbe = path === '/healthz' || path === '/readyz';
  return [
    ...(isRead ? (['invalid-request'] as const) : []),
    ...(auth === 'none' ? [] : (['not-signed-in'] as const)),
    // read-only tokens, and pages of other sites
    ...(auth === 'admin' || needs !== undefined || method !== 'get' ? (['not-allowed'] as const) : []),
    ...(needs === 'fresh' || needs === 'fresh-session' ? (['sign-in-not-fresh'] as const) : []),
    ...(params === undefined ? [] : (['not-found'] as const)),
    ...(isEdit ? (['edited-meanwhile'] as const) : []),
    ...(isDoneOnce(route) ? (['request-running', 'outcome-unknown', 'idempotency-key-reused'] as const) : []),
    ...(isProbe ? [] : (['too-many-requests'] as const)),
    ...(auth === 'none' && body === undefined ? [] : (['catalogue-unavailable'] as const)),
  ];
}

/** Of bodies that are too large, or of another type. */
function unreadableStatuses({ body }: Route): number[] {
  return body === undefined ? [] : [413, 415];
}

function statusOf(code: ErrorCode): number {
  return errorCatalogue[code].status;
}
