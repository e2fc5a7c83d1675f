import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { ChangeKind } from '#domain/states.ts';

/** A row that was added, changed or removed. */
export interface Change {
  readonly kind: ChangeKind;
  readonly id: string;
  readonly ownerId: string;
  readonly databaseId: string | null;
  readonly policyId: string | null;
}

export interface ChangeListener {
  onChange(change: Change): void;
  /** Listening begins, for the first time or anew: what changed before is not known. */
  onListening(): void;
  /** It is tried again by itself. */
  onBroken(error: unknown): void;
}

const RETRY_MS = 1_000;
/** A connection whose other end is gone shows it only when it is used. */
const LOOK_MS = 15_000;
const TIMEOUT_MS = 10_000;

/** Listens on a connection of its own until it is stopped. */
export function listenForChanges(url: string, listener: ChangeListener): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const listening = keepListening(url, listener, signal);
  return {
    async stop() {
      stopping.abort();
      await listening;
    },
  };
}

async function keepListening(url: string, listener: ChangeListener, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await listen(url, listener, signal).catch((error: unknown) => listener.onBroken(error));
    await pause(RETRY_MS, signal);
  }
}

async function listen(url: string, listener: ChangeListener, signal: AbortSignal): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: TIMEOUT_MS, query_timeout: TIMEOUT_MS, keepAlive: true });
  const broken = new Promise<never>((_, reject) => {
    // a broken connection may say so more than once
    client.on('error', reject);
    client.once('end', () => reject(new Error('the catalogue closed the connection')));
  });
  // it may break while nobody waits for it
  broken.catch(() => undefined);
  client.on('notification', ({ payload = '' }) => listener.onChange(JSON.parse(payload) as Change));
  try {
    await client.connect();
    await client.query('listen tidemark_changes');
    listener.onListening();
    while (!signal.aborted) {
      await Promise.race([broken, pause(LOOK_MS, signal)]);
      await client.query('select 1');
    }
  } finally {
    await client.end();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
