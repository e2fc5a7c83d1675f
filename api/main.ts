import { messageOf } from '#domain/errors.ts';
import { createLogger } from './logger.ts';
import { startApi } from './serve.ts';
import { readSettings } from './settings.ts';

const logger = createLogger('tidemark-api');

try {
  const api = await startApi(readSettings(process.env), logger);
  logger.info({ url: api.url, metrics: api.metricsUrl }, 'listening');
  const { createdAdmin } = api;
  if (createdAdmin?.generatedPassword !== undefined) {
    // shown this once, on the terminal and not in the log
    process.stderr.write(
      `\nThe first admin is ${createdAdmin.email}, password ${createdAdmin.generatedPassword}\nIt is not shown again.\n\n`,
    );
  }
  const stop = (): void =>
    void api.stop().then(
      () => logger.info('stopped'),
      (error: unknown) => logger.error({ error: messageOf(error) }, 'did not stop cleanly'),
    );
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  logger.fatal({ error: messageOf(error) }, 'cannot start');
  process.exitCode = 1;
}
