import { useSyncExternalStore } from 'react';
import { CLOCK_MS } from './time-words.ts';

let now = Date.now();

/** The time, for words such as "5 minutes ago"; renders anew every 10 s. */
export function useNow(): number {
  return useSyncExternalStore(tick, () => now);
}

function tick(changed: () => void): () => void {
  const timer = setInterval(() => {
    now = Date.now();
    changed();
  }, CLOCK_MS);
  now = Date.now();
  return () => clearInterval(timer);
}
