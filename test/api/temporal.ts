import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedTemporal } from '#standalone/embedded-temporal.ts';
import { findCacheDir } from '#standalone/parts/cache.ts';
import { createProgress } from '#standalone/parts/progress.ts';
import { ensureTemporal } from '#standalone/parts/temporal.ts';
import { findFreePort } from '#standalone/ports.ts';

export interface TestTemporal {
  readonly address: string;
  /** Where its SQLite file lies. */
  readonly dataDir: string;
  /** Stops it, and starts it again with all that it knows, at the same address. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** A real Temporal server of one's own. */
export async function startTestTemporal(): Promise<TestTemporal> {
  const progress = createProgress((text) => void process.stderr.write(text));
  const binary = await ensureTemporal({ cacheDir: findCacheDir(process.env), progress });
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-temporal-'));
  const ports = { frontend: await findFreePort(), ui: await findFreePort() };
  const start = () => startEmbeddedTemporal({ dataDir, binary, ports });
  let server = await start();
  return {
    address: server.address,
    dataDir,
    async restart(meanwhile) {
      await server.stop();
      await meanwhile();
      server = await start();
    },
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}
