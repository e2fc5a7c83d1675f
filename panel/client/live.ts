import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState } from 'react';
import { type Change, isChange, keysOfChange } from './changes.ts';
import { keys } from './keys.ts';

/** What changed within it is asked for once. */
const GATHER_MS = 250;
/** So long after that was asked for, it is not asked for again: the API admits so many requests a minute. */
const SPACE_MS = 1_000;
/** The same for the overview, which adds up everything. */
const OVERVIEW_SPACE_MS = 5_000;
/** How often everything is asked for while nothing is told. */
const POLL_MS = 5_000;
const RECONNECT_MS = 3_000;

const LiveContext = createContext(true);

export const LiveProvider = LiveContext.Provider;

/** False while changes are not told; then everything is asked for every 5 s. */
export function useIsLive(): boolean {
  return useContext(LiveContext);
}

/**
 * Listens to the API's events while it is used and its page is seen: what shows something that has changed is asked for again. A
 * browser has six connections to a host, and a page behind others must not keep one.
 */
export function useLiveUpdates(): boolean {
  const client = useQueryClient();
  const [isConnected, setConnected] = useState(true);
  useEffect(() => listen(client, setConnected), [client]);
  useEffect(() => (isConnected ? undefined : poll(client)), [client, isConnected]);
  return isConnected;
}

function poll(client: QueryClient): () => void {
  const timer = setInterval(() => void client.invalidateQueries(), POLL_MS);
  return () => clearInterval(timer);
}

function listen(client: QueryClient, setConnected: (isConnected: boolean) => void): () => void {
  const gathered = gather(SPACE_MS, (changes) => invalidate(client, changes));
  const overview = gather(OVERVIEW_SPACE_MS, () => void client.invalidateQueries({ queryKey: keys.overview }));
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const connect = (): void => {
    source = new EventSource('/api/v1/events');
    source.addEventListener('open', () => setConnected(true));
    source.addEventListener('missed', () => void client.invalidateQueries());
    source.addEventListener('change', ({ data }: MessageEvent<string>) => {
      const change: unknown = JSON.parse(data);
      gathered.add(change);
      overview.add(change);
    });
    source.addEventListener('error', () => {
      setConnected(false);
      // an answer that is no stream ends it for good
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(connect, RECONNECT_MS);
    });
  };
  const disconnect = (): void => {
    source?.close();
    clearTimeout(retry);
  };
  const follow = (): void => {
    disconnect();
    // the first that is told then is `missed`
    if (document.visibilityState === 'visible') connect();
  };
  follow();
  document.addEventListener('visibilitychange', follow);
  return () => {
    document.removeEventListener('visibilitychange', follow);
    disconnect();
    gathered.stop();
    overview.stop();
  };
}

function gather(spaceMs: number, tell: (changes: readonly Change[]) => void): { add(change: unknown): void; stop(): void } {
  let changes: Change[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let toldAt = -Infinity;
  const flush = (): void => {
    timer = undefined;
    toldAt = performance.now();
    tell(changes.splice(0));
  };
  return {
    add(change) {
      if (!isChange(change)) return;
      changes.push(change);
      timer ??= setTimeout(flush, Math.max(GATHER_MS, toldAt + spaceMs - performance.now()));
    },
    stop: () => {
      clearTimeout(timer);
      changes = [];
    },
  };
}

function invalidate(client: QueryClient, changes: readonly Change[]): void {
  const starts = new Map(changes.flatMap(keysOfChange).map((key) => [key.join(' '), key]));
  for (const queryKey of starts.values()) void client.invalidateQueries({ queryKey });
}
