import { Readable } from 'node:stream';
import { raw, sh } from '#activities/hosts/script.ts';
import { readObjects } from '#activities/streams/sealed.ts';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import { lastLines } from '../../log-lines.ts';
import type { Manifest } from '../../manifest.ts';
import { readChain } from '../../manifest.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import { freshOf, getLayout, markerFile } from '../../restore/places.ts';
import type { StreamedData } from '../backup-grammar.ts';
import type { Dialect } from '../dialect.ts';
import type { Layout } from './layout.ts';

/** Unpacks the full and its incrementals into a new directory beside the running server's, and makes a data directory of it. */
export async function build(context: EngineContext, dialect: Dialect, request: RestoreRequest): Promise<void> {
  const { server, places } = await getLayout<Layout>(context, request);
  const [data] = places;
  if (data === undefined) throw new TidemarkError('internal', 'a layout has no places');
  const fresh = freshOf(data);
  // what an earlier attempt left running, or ended unread, says nothing of this one's data
  await context.host.sweepJobs(context.database.id);
  const [full, ...incrementals] = await readChain<StreamedData>(context, request);
  if (full === undefined) throw new TidemarkError('internal', 'a chain has no links');
  const pages = incrementals.filter(({ data: { volumes } }) => volumes.length > 0);
  const totalBytes = [full, ...pages].reduce((sum, link) => sum + storedBytes(link), 0);
  let doneBytes = 0;
  const onBytes = (count: number): void => context.report((doneBytes += count), totalBytes);
  const unpack = async (link: Manifest<StreamedData>, directory: string): Promise<void> => {
    await emptyDirectory(context, directory, server);
    await unpackInto(context, dialect, link, { directory, id: `build-${request.restoreId}`, onBytes });
  };
  await unpack(full, fresh);
  await runPrepare(context, dialect, request, fresh, undefined);
  for (const link of pages) {
    const directory = `${fresh}-incremental`;
    await unpack(link, directory);
    await runPrepare(context, dialect, request, fresh, directory);
    await context.host.run(sh`rm -rf -- ${directory}`, { timeoutMs: 600_000 });
  }
  await context.host.run(
    sh`echo ${request.restoreId} > ${fresh}/${markerFile}
chown -R ${`${server.owner}:${server.group}`} ${fresh}
`,
    { timeoutMs: 600_000 },
  );
}

async function emptyDirectory(context: EngineContext, directory: string, server: Layout['server']): Promise<void> {
  await context.host.run(
    sh`rm -rf -- ${directory}
install -d -m 0700 -o ${server.owner} -g ${server.group} ${directory}
`,
    { timeoutMs: 600_000 },
  );
}

async function unpackInto(
  context: EngineContext,
  dialect: Dialect,
  { data }: Manifest<StreamedData>,
  { directory, id, onBytes }: { readonly directory: string; readonly id: string; readonly onBytes: (count: number) => void },
): Promise<void> {
  const { database, repository, signal } = context;
  const source = Readable.from(readObjects(repository, data.volumes, { signal, onBytes }), { objectMode: false });
  const script = ontoDisk(dialect.restore.unpack(directory), directory);
  try {
    await context.host.writeStream(script, source, { scope: database.id, id, signal, filter: 'zstd -q -dc' });
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.code !== 'host-command-failed') throw error;
    throw new TidemarkError('backup-failed', `the backup could not be unpacked: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Has what is unpacked reach the disk all the while, and ends when all of it has: the exchange waits for it while the database is away. A
 * larger pipe, where it may be had, is filled while the tool writes (mbstream 10 MiB at a time) and does not read; 1031 is F_SETPIPE_SZ of
 * fcntl(2). Before coreutils 8.24 `sync` knows no single filesystem. What has reached the disk need not stay in memory, where it takes the
 * place of what the running server uses; dd(1) only advises the kernel, and a file may be gone meanwhile.
 */
function ontoDisk(unpack: string, directory: string): string {
  return sh`perl -e 'fcntl(STDIN, 1031, 16 << 20) || fcntl(STDIN, 1031, 1 << 20)' 2>/dev/null || true
if [[ $(sync --help 2>&1 || true) == *--file-system* ]]; then sync_directory() { sync -f -- ${directory}; }; else sync_directory() { sync; }; fi
last=$SECONDS
to_disk() {
  local began=$SECONDS
  sync_directory
  find ${directory} -type f -size +8M -newerct "$((SECONDS - last + 2)) seconds ago" -exec dd if={} iflag=nocache count=0 ';' 2>/dev/null || true
  last=$began
}
{
${raw(unpack)}
} | {
  while IFS= read -r -t 1 || (( $? > 128 )); do to_disk; done
  to_disk
}
`;
}

async function runPrepare(
  context: EngineContext,
  dialect: Dialect,
  request: RestoreRequest,
  directory: string,
  incremental: string | undefined,
): Promise<void> {
  const script = dialect.restore.prepare(directory, incremental);
  if (script === '') return;
  const job = { scope: context.database.id, id: `prepare-${request.restoreId}`, script };
  const { exitCode, log } = await context.host.runJob(job, { signal: context.signal });
  if (exitCode !== 0) throw new TidemarkError('backup-failed', `the backup could not be prepared (${exitCode}): ${lastLines(log)}`);
}

function storedBytes({ data: { volumes } }: Manifest<StreamedData>): number {
  return volumes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
