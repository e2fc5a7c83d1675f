import { basename } from 'node:path/posix';
import type { ServerFacts } from './server-grammar.ts';

/** Three days: thrice the longest time between two archivings, and time to mend what stands in their way. */
const SHORTEST_EXPIRY_S = 3 * 24 * 3600;

/** Switches binary logging on under a name of ours, and keeps it on after that; an administrator's own name stays theirs. */
export function logNameOf({ logBin, logBasename }: ServerFacts, ours: string): string[] {
  return logBin === 0 || basename(logBasename ?? '') === ours ? [`log_bin = ${ours}`] : [];
}

/** Where we turn the logs on, nobody else would ever remove them. */
const OUR_EXPIRY_S = 10 * 24 * 3600;

/** A server that throws its logs away sooner than they are archived would leave holes, and one that never does fills its disk. */
export function expiryOf({ logBin, logExpiry }: ServerFacts): string[] {
  if (logExpiry === OUR_EXPIRY_S || (logBin === 0 && logExpiry === 0)) return [`binlog_expire_logs_seconds = ${OUR_EXPIRY_S}`];
  return logExpiry > 0 && logExpiry <= SHORTEST_EXPIRY_S ? [`binlog_expire_logs_seconds = ${SHORTEST_EXPIRY_S}`] : [];
}
