import type { ProbeReport } from '#activities/stores/probe.ts';
import type { TestStoreInput } from './messages.ts';
import { probes } from './proxies.ts';

/** Test Connection on a store that is not saved. */
export async function testStore(input: TestStoreInput): Promise<ProbeReport> {
  return probes('Test the connection to the store').probeUnsavedStore(input);
}
