import { messageOf } from '#domain/errors.ts';
import { findCacheDir } from './parts/cache.ts';
import { createProgress } from './parts/progress.ts';
import { startProduct } from './product.ts';
import { readSettings } from './settings.ts';

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
  const settings = readSettings(process.env);
  const product = await startProduct({ ...settings, cacheDir: findCacheDir(process.env), progress });
  progress.line(`\nTidemark    ${product.apiUrl}\nREST API    ${product.apiUrl}/api/v1/docs`);
  progress.line(`Temporal    ${product.temporalAddress}\nTemporal UI ${product.temporalUiUrl}`);
  if (product.adminPassword !== undefined) {
    progress.line(`\nSign in as  ${product.adminEmail}\nPassword    ${product.adminPassword}   (shown this once)`);
  }
  progress.line('\nCtrl-C stops it; what is in the folder stays.');
  await Promise.race([asked.promise, product.failed]).finally(() => progress.step('\nStopping', () => product.stop()));
}
