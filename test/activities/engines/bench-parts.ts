import { randomBytes, randomUUID } from 'node:crypto';
import type { EngineContext } from '#activities/engines/port.ts';
import type { Host } from '#activities/hosts/port.ts';
import { connectHost } from '#activities/hosts/ssh.ts';
import { createNetworkGuard } from '#activities/stores/networks.ts';
import type { Store } from '#activities/stores/port.ts';
import { openStore } from '#activities/stores/s3.ts';
import { primaryOf } from '#lab/lab.ts';
import type { EngineName } from '#domain/states.ts';
import { createBucket, labHost } from '../../lab.ts';

/** What every engine's bench stands on: a lab's primary, a bucket of its own, and a database in both. */
interface BenchParts {
  readonly host: Host;
  readonly store: Store;
  readonly databaseId: string;
  context(generation: number): EngineContext;
  removeMatching(folder: string, matches: (key: string) => boolean): Promise<void>;
}

export async function openParts(engine: EngineName, port: number): Promise<BenchParts> {
  const { lab, bucket } = await createBucket(`engine-${engine}`);
  const host = await connectHost(await labHost(primaryOf(engine)));
  const { endpoint, region, caPem, rootAccessKey: accessKey, rootSecretKey: secretKey } = lab.s3;
  const address = { endpoint, region, bucket, prefix: 'some/prefix', accessKey, secretKey, caPem };
  const store = openStore(address, { guard: createNetworkGuard({ allowed: [] }) });
  const [databaseId, key] = [randomUUID(), randomBytes(32)];
  return {
    host,
    store,
    databaseId,
    context: (generation) => ({
      host,
      database: { id: databaseId, name: 'orders', port },
      repository: { store, address, generation, key },
      report: () => undefined,
    }),
    async removeMatching(folder, matches) {
      for await (const object of store.list(folder)) if (matches(object.key)) await store.delete(object.key);
    },
  };
}
