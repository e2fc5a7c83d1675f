import { createZstdDecompress } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { readObjects } from '#activities/streams/sealed.ts';
import { TidemarkError } from '#domain/errors.ts';
import { FIRST_EVENT } from '../binlog/grammar.ts';
import type { LogRecord } from '../binlog/record.ts';
import type { LogPosition } from '../binlog/replay-plan.ts';
import { createScanner } from '../binlog/scan.ts';
import type { EngineContext } from '../port.ts';
import type { ReplicaGrammar } from '../streamed/replica-grammar.ts';
import { binlog } from './binlog.ts';

export const replica: ReplicaGrammar = {
  executedSql: 'select @@gtid_binlog_pos;',
  waitSql: (executed, seconds) => `select master_gtid_wait('${executed}', ${seconds});`,
  // a replica need not log what it was sent; what it logs of its own bears its own number
  findForeign: (onReplica) =>
    onReplica(`select if(concat(',', @@gtid_binlog_pos) regexp concat(',[0-9]+-', @@server_id, '-'), @@gtid_binlog_pos, '');`),
  findMisfit: (status) =>
    /^ *Using_Gtid: (?:Slave|Current)_Pos$/m.test(status) ? undefined : 'it follows by log positions and not by GTIDs',
  findStart,
};

/**
 * MariaDB skips nothing that was applied already, so the replay begins behind the very transaction that the copy ends with. That it is
 * found in the archive also proves that the replica is of this generation.
 */
async function findStart(context: EngineContext, records: readonly LogRecord[], gtid: string | undefined): Promise<LogPosition> {
  const [, domain] = /^(\d+)-\d+-\d+$/.exec(gtid ?? '') ?? [];
  if (gtid === undefined || domain === undefined)
    throw new TidemarkError('replica-not-usable', `the copy ends with "${gtid ?? ''}", and it must be one transaction of one GTID domain`);
  const [first] = records;
  if (first?.stateBefore?.includes(`${domain}=${gtid}`) === true) return { file: first.file, position: FIRST_EVENT };
  for (const record of records) {
    const position = await findBehind(context, record, gtid);
    if (position !== undefined) return { file: record.file, position };
  }
  throw new TidemarkError('replica-not-usable', `the transaction ${gtid}, with which the copy ends, is in no archived binary log`);
}

/** Where the event after this transaction begins; undefined where the file does not hold it. */
async function findBehind(context: EngineContext, record: LogRecord, gtid: string): Promise<number | undefined> {
  let behind: number | undefined;
  let isFound = false;
  const scanner = createScanner(binlog, record.file, (moves, position) => {
    if (isFound) behind ??= position;
    isFound ||= moves?.[1] === gtid;
  });
  const source = Readable.from(readObjects(context.repository, [record.object], { signal: context.signal }), { objectMode: false });
  await pipeline(source, createZstdDecompress(), async (content: AsyncIterable<Buffer>) => {
    for await (const chunk of content) scanner.push(chunk);
  });
  return isFound ? (behind ?? record.endPosition) : undefined;
}
