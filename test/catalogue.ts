import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { connectCatalogue } from '#db/connect.ts';
import type { Catalogue } from '#db/tables.ts';
import { runOn, templateName, urlOfDatabase } from './catalogue-server.ts';

export interface TestCatalogue {
  readonly url: string;
  readonly db: Catalogue;
  /** Fails when somebody still holds a connection. */
  drop(): Promise<void>;
}

/** A catalogue of one's own in some 30 ms: a clone of the migrated template, or an empty one. */
export async function createTestCatalogue(from: 'migrated' | 'empty' = 'migrated'): Promise<TestCatalogue> {
  const serverUrl = inject('catalogueUrl');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await runOn(serverUrl, `create database ${name} template ${from === 'migrated' ? templateName : 'template0'}`);
  const url = urlOfDatabase(serverUrl, name);
  const db = connectCatalogue(url);
  return {
    url,
    db,
    async drop() {
      await db.destroy();
      await runOn(serverUrl, `drop database ${name}`);
    },
  };
}
