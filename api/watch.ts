import { messageOf } from '#domain/errors.ts';
import type { ApiDeps } from './route.ts';

/** Looks again and again until it is stopped, one look at a time. */
export function watch(deps: ApiDeps, everyMs: number, what: string, look: () => Promise<void>): { stop(): Promise<void> } {
  let looking = Promise.resolve();
  const lookOnce = async (): Promise<void> => {
    try {
      await look();
    } catch (error) {
      // shown by /readyz and /metrics as well; the next look comes
      deps.logger.warn({ error: messageOf(error) }, `cannot look for ${what}`);
    }
  };
  const timer = setInterval(() => void (looking = looking.then(lookOnce)), everyMs);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}
