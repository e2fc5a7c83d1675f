import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { createNetworkGuard, type NetworkGuardSettings } from '#activities/stores/networks.ts';
import { startWorkers } from '#worker/create-worker.ts';
import { startVersitygw, type Versitygw } from '../versitygw.ts';
import { startTestTemporal, type TestTemporal } from './temporal.ts';
import { type ApiWorld, type Caller, startApiWorld } from './world.ts';

/** The real API, Temporal, worker, workflows and S3 server, which has a bucket "backups". */
export interface LiveWorld {
  readonly world: ApiWorld;
  readonly s3: Versitygw;
  readonly caller: Caller;
  readonly guard: ReturnType<typeof createNetworkGuard>;
  readonly temporal: TestTemporal;
  /** Until it is called, nobody works. */
  startWorkers(): Promise<void>;
  stop(): Promise<void>;
}

/** `lookup` takes the place of the system's resolver, for the worker. */
export async function startLiveWorld({
  lookup,
  ...options
}: Pick<NetworkGuardSettings, 'lookup'> & Parameters<typeof startApiWorld>[0] = {}): Promise<LiveWorld> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const [temporal, s3] = await Promise.all([startTestTemporal(), startVersitygw()]);
  const world = await startApiWorld({ temporalAddress: temporal.address, temporalTimeoutMs: 3_000, ...options });
  const guard = createNetworkGuard({ allowed: ['127.0.0.0/8'], ...(lookup === undefined ? {} : { lookup }) });
  const running: (() => Promise<void>)[] = [];
  await s3.createBucket('backups');
  return {
    world,
    s3,
    guard,
    caller: await world.addCaller(),
    temporal,
    async startWorkers() {
      const connection = await NativeConnection.connect({ address: temporal.address });
      running.push(() => connection.close());
      const workers = await startWorkers({ db: world.db, sealer: world.sealer, guard }, { connection, namespace: 'default', transfers: 2 });
      running.push(() => workers.stop());
    },
    async stop() {
      for (const stop of running.toReversed()) await stop();
      await world.stop();
      await Promise.all([temporal.stop(), s3.stop()]);
    },
  };
}
