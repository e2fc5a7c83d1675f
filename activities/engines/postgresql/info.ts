import type { Host } from '#activities/hosts/port.ts';
import { TidemarkError } from '#domain/errors.ts';
import { repositoryError } from './failures.ts';
import { pgbackrest } from './repository.ts';
import type { Server } from './server.ts';

/** One entry of `pgbackrest info --output=json`, as far as it is used. */
export interface BackupInfo {
  readonly label: string;
  readonly type: 'full' | 'diff' | 'incr';
  readonly prior: string | null;
  readonly error: boolean | null;
  readonly annotation?: Readonly<Record<string, string>>;
  readonly archive: { readonly start: string; readonly stop: string };
  readonly timestamp: { readonly start: number; readonly stop: number };
  readonly info: { readonly size: number; readonly repository: { readonly delta: number } };
}

interface Status {
  readonly code: number;
  readonly message: string;
}

/** What went wrong with the store is told of the repository; of the stanza it is only "other". */
interface Stanza {
  readonly status: Status;
  readonly repo?: readonly { readonly status: Status }[];
  readonly backup?: BackupInfo[];
}

/** The backup's id is an annotation of it, so that another attempt finds what an earlier one finished. */
export const annotation = 'tidemark';

/** Whose data was read: the id of the primary's database or a standby's. */
export const sourceAnnotation = 'tidemark-source';

/** Oldest first. Throws `backup-failed` where there is no repository. */
export async function listBackupInfo(host: Host, server: Server, config: string): Promise<BackupInfo[]> {
  const found = await findBackupInfo(host, server, config);
  if (found === undefined) throw new TidemarkError('backup-failed', 'the repository cannot be read: it has not been created');
  return found;
}

/** Measured: it tries for nine times as long where nobody answers. That has to be over, with its reason, before the command is given up. */
const IO_TIMEOUT = '--io-timeout=10';

/** undefined where the repository has not been created. */
export async function findBackupInfo(host: Host, server: Server, config: string): Promise<BackupInfo[] | undefined> {
  const output = await host.tryRun(
    pgbackrest(server, config, '--log-level-console=off', '--log-level-stderr=error', IO_TIMEOUT, '--output=json', 'info'),
    { timeoutMs: 180_000 },
  );
  if (output.exitCode !== 0) throw repositoryError(output.stderr, 'pgBackRest could not read its repository');
  const stanzas = JSON.parse(output.stdout) as Stanza[];
  const [found] = stanzas;
  const notCreated = [1, 3];
  if (found === undefined || notCreated.includes(found.status.code)) return undefined;
  const readable = [0, 2];
  if (!readable.includes(found.status.code)) {
    const words = [found.status.message, ...(found.repo ?? []).map(({ status }) => status.message)];
    throw repositoryError(words.join('\n'), 'the repository cannot be read');
  }
  return found.backup ?? [];
}
