import { TidemarkError } from '#domain/errors.ts';
import type { LogRecord } from '../../binlog/record.ts';
import { listLogs, readRecord } from '../../binlog/record.ts';
import type { ReplayPlan } from '../../binlog/replay-plan.ts';
import { planReplay } from '../../binlog/replay-plan.ts';
import type { Manifest } from '../../manifest.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import type { StreamedData } from '../backup-grammar.ts';
import type { Dialect } from '../dialect.ts';

/** What is to be replayed on the chain; undefined where its data alone is what was asked for. Errors: `object-missing`, `target-not-reached`. */
export async function readReplay(
  context: EngineContext,
  { backup }: Dialect,
  request: RestoreRequest,
  chain: readonly Manifest<StreamedData>[],
): Promise<ReplayPlan | undefined> {
  const newest = chain.at(-1);
  if (newest === undefined) throw new TidemarkError('internal', 'a chain has no links');
  const byLogs = backup.incrementalsHold === 'logs' && newest.outcome.kind === 'incremental';
  if (request.target === undefined && !byLogs) return undefined;
  const { firstLog, lastLog } = newest.outcome;
  const { position } = newest.data;
  if (firstLog === undefined || position === null) {
    throw new TidemarkError(
      'backup-not-restorable',
      `the backup ${newest.backupId} was taken without binary logs: it can be restored, but not to a time`,
    );
  }
  const records = await readUpTo(context, firstLog, request.target ?? lastLog ?? firstLog);
  refuseShort(records, request.target);
  return planReplay(records, position, request.target);
}

/** The records from one number on, up to another one or to the first that covers the time; a hole ends them. */
async function readUpTo(context: EngineContext, first: number, end: Date | number): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  const listed = new Map((await listLogs(context)).map((log) => [log.sequence, log]));
  for (let sequence = first; ; sequence++) {
    const log = listed.get(sequence);
    if (log === undefined) {
      if (typeof end === 'number')
        throw new TidemarkError('object-missing', `the binary log number ${sequence}, which the backup needs, is missing from the bucket`);
      return records;
    }
    const record = await readRecord(context, log);
    records.push(record);
    if (typeof end === 'number' ? sequence === end : isPast(record, end)) return records;
  }
}

function isPast(record: LogRecord, target: Date): boolean {
  return covers(record, target) || (record.commits.at(-1)?.[0] ?? 0) >= target.getTime() / 1000;
}

function covers({ coversUntil }: LogRecord, target: Date): boolean {
  return coversUntil !== null && coversUntil >= target.getTime();
}

function refuseShort(records: readonly LogRecord[], target: Date | undefined): void {
  const last = records.at(-1);
  if (target === undefined || last === undefined || isPast(last, target)) return;
  throw new TidemarkError(
    'target-not-reached',
    `the archived binary logs end with ${last.file}, archived at ${last.archivedAt}, before the target ${target.toISOString()}`,
  );
}
