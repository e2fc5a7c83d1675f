import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import { homeOf } from '../home.ts';
import { lastLines } from '../log-lines.ts';
import type { EngineContext } from '../port.ts';

const causes = [
  ['store-credentials-refused', /InvalidAccessKeyId|SignatureDoesNotMatch/],
  ['store-permission-missing', /AccessDenied|\[403\]/],
  ['store-bucket-missing', /NoSuchBucket/],
  ['disk-full', /No space left/],
  ['server-down', /DbConnectError|unable to find (?:primary|standby) cluster/],
  ['tool-missing', /pgbackrest: (?:command not found|No such file)/],
  ['archiving-stalled', /\[082\]/],
  ['store-unreachable', /HostConnectError|unable to connect|timeout/i],
] as const;

/** What pgBackRest's failure is, with the store's words or its own. */
export function repositoryError(log: string, what: string): TidemarkError {
  const [code] = causes.find(([, pattern]) => pattern.test(log)) ?? ['backup-failed'];
  return new TidemarkError(code, `${what}: ${wordsOf(log)}`);
}

/** The store's answer, which stands amid a dump of the request; else pgBackRest's errors; else the end of what it said. */
function wordsOf(log: string): string {
  const [, code, message] = /<Code>(\w+)<\/Code>\s*<Message>([^<]*)/.exec(log) ?? [];
  if (code !== undefined) return `${code}: ${message}`;
  const errors = log.split('\n').filter((line) => line.includes('ERROR:'));
  return lastLines(errors.length > 0 ? errors.join('\n') : log, 3);
}

/** Why the WAL segment that was pushed last is not archived, as pgBackRest keeps it in its spool; undefined where nothing failed. */
export async function findArchiveFailure({ host, database, repository }: EngineContext): Promise<TidemarkError | undefined> {
  const spool = `${homeOf(database.id)}/g${repository.generation}-spool`;
  const kept = await host.run(sh`newest=$(find ${spool} -name '*.error' -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1)
[ -z "$newest" ] || cat -- "\${newest#* }"
`);
  return kept.trim() === '' ? undefined : repositoryError(kept, 'WAL cannot be archived');
}
