import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pingCatalogue } from '#db/connect.ts';
import { migrateToLatest } from '#db/migrate.ts';
import { createTestCatalogue, type TestCatalogue } from '../catalogue.ts';

const run = promisify(execFile);
let catalogue: TestCatalogue;

beforeAll(async () => {
  catalogue = await createTestCatalogue('empty');
});
afterAll(() => catalogue.drop());

const migrateInProcess = `
  import { connectCatalogue } from '#db/connect.ts';
  import { migrateToLatest } from '#db/migrate.ts';
  const db = connectCatalogue(process.argv[1]);
  await migrateToLatest(db);
  await db.destroy();
`;

describe('migrateToLatest', () => {
  it('lets two processes start at the same time, and a third later', async () => {
    await expect(pingCatalogue(catalogue.db)).rejects.toMatchObject({ code: 'catalogue-unavailable' });
    const start = () =>
      run(process.execPath, ['--input-type=module-typescript', '-e', migrateInProcess, catalogue.url], { cwd: process.cwd() });
    await Promise.all([start(), start()]);
    await pingCatalogue(catalogue.db);
    await migrateToLatest(catalogue.db);
    const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(catalogue.db);
    expect(rows.map(({ name }) => name)).toEqual([
      '0001-catalogue',
      '0002-notices',
      '0003-policy-life',
      '0004-sources',
      '0005-told-gaps',
      '0006-accounts',
      '0007-audit-chain',
      '0008-large-lists',
      '0009-database-edits',
      '0010-ssh-keys',
      '0011-changes',
      '0012-repeated-requests',
      '0013-searches',
      '0015-request-ids',
      '0016-backup-attempts',
    ]);
  });
});
