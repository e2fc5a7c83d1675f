import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { connectCatalogue } from '#db/connect.ts';
import { migrateToLatest } from '#db/migrate.ts';
import { startEmbeddedPostgres } from '#standalone/embedded-postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of a database whose user may create others. */
    catalogueUrl: string;
  }
}

export const templateName = 'template_tidemark';

/** Once per run: a PostgreSQL server with a migrated catalogue to make clones of. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-catalogue-'));
  const server = await startEmbeddedPostgres({ dataDir });
  await runOn(server.url, `create database ${templateName}`);
  const template = connectCatalogue(urlOfDatabase(server.url, templateName));
  await migrateToLatest(template);
  await template.destroy();
  project.provide('catalogueUrl', server.url);
  return async () => {
    await server.stop();
    await rm(dataDir, { recursive: true });
  };
}

export async function runOn(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

export function urlOfDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
