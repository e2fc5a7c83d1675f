import type { DatabaseProbeReport } from '#domain/probe.schema.ts';
import type { TestDatabaseInput } from './messages.ts';
import { probes } from './proxies.ts';

/** Test Connection on a database, saved or not; nothing of it is kept. */
export async function testDatabase(input: TestDatabaseInput): Promise<DatabaseProbeReport> {
  const activities = probes('Test the connection to the database');
  return 'databaseId' in input ? activities.probeSavedDatabase(input) : activities.probeUnsavedDatabase(input);
}
