import type { ZodType } from 'zod';
import { z } from 'zod';
import { headerParameters } from './openapi-headers.ts';
import { problemResponses, responsesOf } from './openapi-problems.ts';
import { tagOf, tags } from './openapi-tags.ts';
import type { Route } from './route.ts';

type Json = Record<string, unknown>;

const introduction = `Tidemark backs up databases by policy and brings them back to any second inside their recovery window.

- **Signing in**: people by \`POST /api/v1/sessions\`, which sets a cookie; programs by a token of \`POST /api/v1/tokens\`, sent as \`Authorization: Bearer …\`.
- **Whose things**: users see and use their own, admins everybody's. What is another user's answers 404.
- **Errors** are \`application/problem+json\`: \`code\` is stable, \`detail\` says what failed, \`hint\` what you can do. Every answer has \`X-Request-Id\`, which the log and the audit rows name too.
- **Long work** is answered at once with a task; \`GET /api/v1/tasks/{id}\` tells how it goes.
- **Long lists** come in pages: send \`nextCursor\` as \`cursor\` until it is null.
- **Limits**: so many requests a minute for each user, and for each address without one, as the \`RateLimit\` headers tell; above that, 429 with \`Retry-After\`. A body may have 256 kB and 32 levels.
- **Times** are UTC.`;

/** OpenAPI 3.1, whose schemas are JSON Schema 2020-12 as they are. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route, schemas);
  return {
    openapi: '3.1.0',
    info: { title: 'Tidemark', version, description: introduction, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    tags: tags(routes),
    paths,
    components: {
      schemas,
      responses: problemResponses((schema) => schemaOf(schema, 'output', schemas)),
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'tidemark_session',
          description: 'Set by POST /api/v1/sessions; over TLS its name is `__Host-tidemark_session`.',
        },
        token: { type: 'http', scheme: 'bearer', description: 'A token of POST /api/v1/tokens.' },
      },
    },
  };
}

function operationOf(route: Route, schemas: Json): Json {
  const { operationId, summary, answer } = route;
  const content = contentOf({ 'application/json': answer.schema, 'text/event-stream': answer.events }, 'output', schemas);
  const rights = rightsOf(route);
  return {
    operationId,
    tags: [tagOf(route)],
    summary,
    ...(rights === '' ? {} : { description: rights }),
    security: securityOf(route),
    parameters: [
      ...parametersOf(route.params, 'path', schemas),
      ...parametersOf(route.query, 'query', schemas),
      ...headerParameters(route),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: { required: !route.body.safeParse({}).success, ...contentOf({ 'application/json': route.body }, 'input', schemas) },
        }),
    responses: { [String(answer.status)]: { description: answer.description, ...content }, ...responsesOf(route) },
  };
}

/** What the security schemes cannot say. */
function rightsOf({ auth, needs, method }: Route): string {
  if (auth === 'none') return '';
  const fresh = 'the password to have been given within 15 minutes (`POST /api/v1/sessions/current/confirmations`)';
  const wanted = {
    session: 'Needs a session; a token does not suffice.',
    fresh: `Needs a token of scope \`full\`, or a session and ${fresh}.`,
    'fresh-session': `Needs a session and ${fresh}; a token does not suffice.`,
  };
  const scope = method === 'get' ? '' : 'A token needs scope `operate` or `full`.';
  return [auth === 'admin' ? 'Admins only.' : '', needs === undefined ? scope : wanted[needs]].filter((text) => text !== '').join(' ');
}

function securityOf({ auth, needs }: Route): Json[] {
  if (auth === 'none') return [];
  const onlySession = needs === 'session' || needs === 'fresh-session';
  return onlySession ? [{ session: [] }] : [{ session: [] }, { token: [] }];
}

function parametersOf(schema: ZodType | undefined, place: 'path' | 'query', schemas: Json): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input', schemas) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: property,
  }));
}

function contentOf(byType: Readonly<Record<string, ZodType | undefined>>, io: 'input' | 'output', schemas: Json): Json {
  const content = Object.entries(byType).flatMap(([type, schema]) =>
    schema === undefined ? [] : [[type, { schema: schemaOf(schema, io, schemas) }] as const],
  );
  return content.length === 0 ? {} : { content: Object.fromEntries(content) };
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
