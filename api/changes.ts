import type { Logger } from 'pino';
import type { Change } from '#db/changes.ts';
import { listenForChanges } from '#db/changes.ts';
import { messageOf } from '#domain/errors.ts';

/** `missed` says that changes may have gone by untold, `stopped` that none will be told any more. */
export type ChangeEvent = { readonly type: 'change'; readonly change: Change } | { readonly type: 'missed' | 'stopped' };

/** What changes in the catalogue, told to whoever watches. */
export interface ChangeFeed {
  /** Returns what ends it. */
  subscribe(tell: (event: ChangeEvent) => void): () => void;
  stop(): Promise<void>;
}

/** One connection to the catalogue serves everybody. */
export function createChangeFeed(databaseUrl: string, logger: Logger): ChangeFeed {
  const watching = new Set<(event: ChangeEvent) => void>();
  const tellAll = (event: ChangeEvent): void => {
    for (const tell of watching) tell(event);
  };
  const listening = listenForChanges(databaseUrl, {
    onChange: (change) => tellAll({ type: 'change', change }),
    onListening: () => tellAll({ type: 'missed' }),
    onBroken: (error) => logger.warn({ error: messageOf(error) }, 'the catalogue tells no changes for now'),
  });
  return {
    subscribe(tell) {
      watching.add(tell);
      return () => void watching.delete(tell);
    },
    async stop() {
      tellAll({ type: 'stopped' });
      await listening.stop();
    },
  };
}
