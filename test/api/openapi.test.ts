import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ZodType } from 'zod';
import { createRoutes } from '#api/routes.ts';
import { type ApiWorld, startApiWorld } from './world.ts';

interface Operation {
  operationId: string;
  tags: string[];
  parameters: { name: string; in: string; required: boolean; schema: unknown }[];
  requestBody?: { content: Record<string, { schema: unknown }> };
  responses: Record<string, { content?: Record<string, { schema: unknown }> }>;
  security: unknown[];
}

let world: ApiWorld;
let document: Record<string, unknown>;
let operations: { method: string; path: string; operation: Operation }[];
beforeAll(async () => {
  world = await startApiWorld();
  document = (await world.anonymous.ask('GET', '/openapi.json')).body;
  operations = Object.entries(document['paths'] as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
});
afterAll(() => world.stop());

describe('the OpenAPI document', () => {
  it('is the committed one', async () => {
    const committed = JSON.parse(await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8')) as unknown;
    expect(document, 'docs/openapi.json is not what the API serves: write it anew with `npm run openapi`').toEqual(committed);
  });

  it('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(document)).toMatchObject({ valid: true });
    expect(await new Validator().validate({ ...document, paths: { '/x': { get: { responses: 1 } } } })).toMatchObject({ valid: false });
  });

  it('puts every operation under a tag that it describes', () => {
    const described = (document['tags'] as { name: string; description?: string }[]).filter(({ description }) => description);
    for (const { operation } of operations) {
      expect(operation.tags, operation.operationId).toHaveLength(1);
      expect(described.map(({ name }) => name)).toContain(operation.tags[0]);
    }
  });

  it('lists every route of the table, and no other', () => {
    expect(document['openapi']).toBe('3.1.0');
    const listed = operations.map(({ method, path, operation }) => `${method} ${path} ${operation.operationId}`);
    expect(listed.toSorted()).toEqual(
      createRoutes()
        .map(({ method, path, operationId }) => `${method} ${path} ${operationId}`)
        .toSorted(),
    );
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  });

  it('has something behind every reference, and no leftover of where it came from', () => {
    const text = JSON.stringify(document);
    const refs = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path);
    expect(refs.length).toBeGreaterThan(20);
    for (const ref of new Set(refs)) {
      const found = ref.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      expect(found, ref).toBeTypeOf('object');
    }
    expect(text).not.toContain('$defs');
    expect(text).not.toContain('$schema');
  });

  it('declares each parameter of a path as required, and who may call', () => {
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect(declared.map(({ name }) => name)).toEqual(inPath);
      expect(declared.every(({ required }) => required)).toBe(true);
    }
    const open = operations.filter(({ operation }) => operation.security.length === 0).map(({ operation }) => operation.operationId);
    expect(open.toSorted()).toEqual(['createSession', 'getHealth', 'getOpenApi', 'getReadiness']);
  });

  it('asks for secrets, and promises none', () => {
    const schemas = (document['components'] as { schemas: Record<string, { properties?: Record<string, unknown> }> }).schemas;
    expect(schemas['Store']?.properties).toHaveProperty('secretKey');
    for (const name of ['Policy', 'PolicyStore', 'Database', 'CreatedDatabase', 'User', 'Session']) {
      const properties = Object.keys(schemas[name]?.properties ?? {});
      expect(properties.length, name).toBeGreaterThan(0);
      expect(properties.filter((property) => /secret|private|password|sealed|token/i.test(property))).toEqual([]);
    }
  });

  it('gives request schemas their defaults as optional, answers theirs as always there', () => {
    const schemas = (document['components'] as { schemas: Record<string, { required?: string[] }> }).schemas;
    expect(schemas['Schedule']?.required ?? []).toEqual([]);
    expect(schemas['PolicySchedule']?.required?.toSorted()).toEqual(['fullDay', 'fullFrequency', 'fullTime', 'incrementalHours']);
  });
});

describe('the examples', () => {
  const schemas = createRoutes().flatMap((route) =>
    Object.entries({ body: route.body, answer: route.answer.schema }).flatMap(([place, schema]) =>
      schema === undefined ? [] : [[`${route.operationId}'s ${place}`, schema] as const],
    ),
  );

  it.each(schemas)('of %s are there, and are what it takes', (_, schema: ZodType) => {
    const examples = (schema.meta()?.['examples'] ?? []) as unknown[];
    expect(examples.length).toBeGreaterThan(0);
    // nothing is dropped, changed or added
    for (const example of examples) expect(schema.parse(example)).toEqual(example);
  });

  it('are all in the document, in lists too', () => {
    const { Database, Problem } = (document['components'] as { schemas: Record<string, { examples?: unknown[] }> }).schemas;
    expect([Database?.examples?.length, Problem?.examples?.length]).toEqual([1, 1]);
    const list = operations.find(({ operation }) => operation.operationId === 'listDatabases')?.operation;
    expect(list?.responses['200']?.content?.['application/json']?.schema).toMatchObject({ examples: [{ items: Database?.examples }] });
  });
});
