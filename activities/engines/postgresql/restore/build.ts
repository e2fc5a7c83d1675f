import { sh } from '#activities/hosts/script.ts';
import { TidemarkError } from '#domain/errors.ts';
import { stanza } from '#domain/repository.ts';
import type { EngineContext, RestoreRequest } from '../../port.ts';
import { freshOf, getLayout, markerFile } from '../../restore/places.ts';
import { repositoryError } from '../failures.ts';
import { pgbackrest, restoreConfigPath } from '../repository.ts';
import type { Layout, TablespacePlace } from './layout.ts';

/** Restores the base and its incrementals into new directories beside the running server's. */
export async function build(context: EngineContext, request: RestoreRequest): Promise<void> {
  const { server, facts, places } = await getLayout<Layout>(context, request);
  const config = restoreConfigPath(context.database.id);
  const command = pgbackrest(server, config, ...restoreOptions(context, request, places), 'restore');
  const job = {
    scope: context.database.id,
    id: `build-${request.restoreId}`,
    script: [
      ...places.map((place) => emptyDirectory(place, server.owner, server.group)),
      command,
      ...places.map((place) => sh`echo ${request.restoreId} > ${freshOf(place)}/${markerFile}`),
    ].join('\n'),
    progress: sh`du -sb ${places.map(freshOf)} | awk '{sum += $1} END {print sum}'`,
  };
  const { exitCode, log } = await context.host.runJob(job, {
    signal: context.signal,
    onProgress: (output) => reportSize(context, output, facts.sizeBytes),
  });
  if (exitCode !== 0) throw repositoryError(log, `pgBackRest ended with ${exitCode}`);
  if (!log.includes('restore command end: completed successfully')) {
    throw new TidemarkError('backup-failed', 'pgBackRest ended with 0 but did not say that the restore completed');
  }
}

function emptyDirectory(place: TablespacePlace, owner: string, group: string): string {
  return sh`rm -rf -- ${freshOf(place)}
install -d -m 0700 -o ${owner} -g ${group} ${freshOf(place)}
`;
}

/** A time is exclusive: a commit at the target's very instant is left out, as on every engine. */
function restoreOptions(context: EngineContext, request: RestoreRequest, places: readonly TablespacePlace[]): string[] {
  const fetch = `pgbackrest --config=${restoreConfigPath(context.database.id)} --stanza=${stanza} --log-level-console=warn archive-get %f "%p"`;
  return [
    `--set=${request.label}`,
    ...(request.target === undefined
      ? ['--type=immediate']
      : ['--type=time', `--target=${pgTime(request.target)}`, '--target-exclusive', '--target-timeline=current']),
    '--target-action=pause',
    `--recovery-option=restore_command=${fetch}`,
    ...places.flatMap((place) => (place.tablespace === undefined ? [] : [`--tablespace-map=${place.tablespace.oid}=${freshOf(place)}`])),
  ];
}

/** Always with an offset: without one the server's own time zone would be taken. */
function pgTime(at: Date): string {
  return `${at.toISOString().replace('T', ' ').replace('Z', '')}+00`;
}

function reportSize(context: EngineContext, output: string, total: number): void {
  const done = Number(output.trim());
  if (Number.isFinite(done)) context.report(Math.min(done, total), total);
}
