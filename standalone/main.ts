import { messageOf } from '#domain/errors.ts';
import { findCacheDir } from './parts/cache.ts';
import { createProgress } from './parts/progress.ts';
import { startProduct } from './product.ts';

process.exitCode = await main().then(
  () => 0,
  (error: unknown) => {
    process.stderr.write(`\n${messageOf(error)}\n`);
    return 1;
  },
);

async function main(): Promise<void> {
  const progress = createProgress((text) => void process.stdout.write(text));
  const asked = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => asked.resolve());
  const {
    TIDEMARK_DATA_DIR: dataDir = './data',
    TIDEMARK_API_PORT: port = '8700',
    TIDEMARK_ALLOWED_NETWORKS,
    TIDEMARK_PRIVATE_NETWORKS,
    TIDEMARK_REQUESTS_PER_MINUTE,
    TIDEMARK_MAIL_URL,
    TIDEMARK_MAIL_FROM,
    TIDEMARK_PUBLIC_URL,
  } = process.env;
  const product = await startProduct({
    dataDir,
    apiPort: Number(port),
    cacheDir: findCacheDir(process.env),
    progress,
    environment: {
      TIDEMARK_ALLOWED_NETWORKS,
      TIDEMARK_PRIVATE_NETWORKS,
      TIDEMARK_REQUESTS_PER_MINUTE,
      TIDEMARK_MAIL_URL,
      TIDEMARK_MAIL_FROM,
      TIDEMARK_PUBLIC_URL,
    },
  });
  progress.line(`\nTidemark    ${product.apiUrl}\nREST API    ${product.apiUrl}/api/v1/docs`);
  progress.line(`Temporal    ${product.temporalAddress}\nTemporal UI ${product.temporalUiUrl}`);
  if (product.adminPassword !== undefined) {
    progress.line(`\nSign in as  ${product.adminEmail}\nPassword    ${product.adminPassword}   (shown this once)`);
  }
  progress.line('\nCtrl-C stops it; what is in the folder stays.');
  await Promise.race([asked.promise, product.failed]).finally(() => progress.step('\nStopping', () => product.stop()));
}
