import type { ZodType } from 'zod';
import { z } from 'zod';
import { errorCatalogue } from '#domain/errors.ts';
import type { Route } from './route.ts';

type Json = Record<string, unknown>;

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(errorCatalogue)),
    hint: z.string(),
    requestId: z.uuid(),
    errors: z.array(z.object({ in: z.enum(['path', 'query', 'header', 'body']), path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

/** OpenAPI 3.1, whose schemas are JSON Schema 2020-12 as they are. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route, schemas);
  const problem = schemaOf(problemSchema, 'output', schemas);
  return {
    openapi: '3.1.0',
    info: { title: 'Tidemark', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas,
      responses: {
        Problem: { description: 'What went wrong, and what can be done.', content: { 'application/problem+json': { schema: problem } } },
      },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'tidemark_session' },
        token: { type: 'http', scheme: 'bearer', description: 'A token of POST /api/v1/tokens.' },
      },
    },
  };
}

function operationOf(route: Route, schemas: Json): Json {
  const { operationId, summary, answer } = route;
  const content = { ...contentOf('application/json', answer.schema, schemas), ...contentOf('text/event-stream', answer.events, schemas) };
  return {
    operationId,
    summary,
    security: securityOf(route),
    parameters: [
      ...parametersOf(route.params, 'path', schemas),
      ...parametersOf(route.query, 'query', schemas),
      ...(route.method === 'post' && route.auth !== 'none' ? [idempotencyKey] : []),
      ...(route.method === 'patch' ? [ifMatch] : []),
    ],
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input', schemas) } } } }),
    responses: {
      [String(answer.status)]: { description: answer.description, ...(Object.keys(content).length === 0 ? {} : { content }) },
      default: { $ref: '#/components/responses/Problem' },
    },
  };
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

function contentOf(type: string, schema: ZodType | undefined, schemas: Json): Json {
  return schema === undefined ? {} : { [type]: { schema: schemaOf(schema, 'output', schemas) } };
}

function securityOf({ auth, needs }: Route): Json[] {
  if (auth === 'none') return [];
  const onlySession = needs === 'session' || needs === 'fresh-session';
  return onlySession ? [{ session: [] }] : [{ session: [] }, { token: [] }];
}

function parametersOf(schema: ZodType | undefined, place: 'path' | 'query', schemas: Json): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input', schemas) as { properties?: Json; required?: string[] };
  return Object.entries(properties).map(([name, property]) => ({ name, in: place, required: required.includes(name), schema: property }));
}

/** Named schemas move to the document's components. */
function schemaOf(schema: ZodType, io: 'input' | 'output', schemas: Json): Json {
  const { $schema: _, $defs, ...root } = z.toJSONSchema(schema, { io }) as Json;
  for (const [name, definition] of Object.entries(($defs ?? {}) as Json)) schemas[name] = moveRefs(definition);
  return moveRefs(root) as Json;
}

function moveRefs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(moveRefs);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' ? String(inner).replace('#/$defs/', '#/components/schemas/') : moveRefs(inner),
    ]),
  );
}
