import type { LogRange } from '#domain/retention.ts';
import { isKept } from '#domain/retention.ts';
import type { EngineContext } from '../port.ts';
import { listLogs } from './record.ts';

/** The newest one always stays: it tells where the archive goes on. A record goes first: without it a log is not there. */
export async function expireLogs(context: EngineContext, keep: readonly LogRange[]): Promise<void> {
  const { store } = context.repository;
  for (const { sequence, recordKey } of (await listLogs(context)).slice(0, -1)) {
    if (isKept(keep, sequence)) continue;
    await store.delete(recordKey);
    await store.delete(recordKey.replace(/\.json$/, '.zst'));
  }
}
