import { raw, sh } from '#activities/hosts/script.ts';
import { repositoryOptions, repositoryPassphrase, stanza } from '#domain/repository.ts';
import { homeOf, makeHome } from '../home.ts';
import type { EngineContext } from '../port.ts';
import type { Server } from './server.ts';

/** One configuration per generation: the server's own archive_command says which generation its data directory writes to. */
export function configPath(databaseId: string, generation: number): string {
  return `${homeOf(databaseId)}/g${generation}.conf`;
}

/** Where a generation's configuration lies and what it is for. */
export function archivePlace(databaseId: string, generation: number, dataDirectory: string): ConfigPlace {
  return { path: configPath(databaseId, generation), dataDirectory, name: `g${generation}` };
}

/** What a restore reads with: its own lock and spool, so that it never meets the archiving of the running server. */
export function restoreConfigPath(databaseId: string): string {
  return `${homeOf(databaseId)}/restore.conf`;
}

export function archiveCommand(databaseId: string, generation: number): string {
  return `pgbackrest --config=${configPath(databaseId, generation)} --stanza=${stanza} archive-push %p`;
}

export interface ConfigPlace {
  readonly path: string;
  readonly dataDirectory: string;
  /** Its lock and spool directories are named after it: no two repositories may share a spool, whose marks say only a segment's name. */
  readonly name: string;
  /** Of a configuration on a standby: its own database's id, and further lines that tell of the primary. */
  readonly standby?: { readonly databaseId: string; readonly global: readonly string[]; readonly stanza: readonly string[] };
}

/**
 * Writes a configuration file, atomically and readable by the server's owner alone; the secrets come on standard input.
 * The directory is root's, so that nobody can lay a link where root is going to write.
 */
export function installConfig(context: EngineContext, server: Server, place: ConfigPlace): string {
  const databaseId = place.standby?.databaseId ?? context.database.id;
  const home = homeOf(databaseId);
  const { caPem } = context.repository.address;
  return sh`umask 077
${raw(makeHome(databaseId))}
install -d -m 0700 -o ${server.owner} -g ${server.group} ${home}/${place.name}-lock ${home}/${place.name}-spool
put() { base64 -d > "$1.new" && chown ${server.owner}:${server.group} "$1.new" && mv "$1.new" "$1"; }
${raw(putFile(place.path, configText(context, server, place)))}
${raw(caPem === undefined ? '' : putFile(`${home}/ca.pem`, caPem))}
`;
}

function putFile(path: string, content: string): string {
  return sh`put ${path} <<'TIDEMARK'
${raw(Buffer.from(content).toString('base64'))}
TIDEMARK`;
}

function configText(context: EngineContext, server: Server, place: ConfigPlace): string {
  const home = homeOf(place.standby?.databaseId ?? context.database.id);
  return [
    '[global]',
    ...openingOptions(context, home),
    ...processOptions(home, place),
    ...(place.standby?.global ?? []),
    `[${stanza}]`,
    `pg1-path=${place.dataDirectory}`,
    `pg1-port=${server.port}`,
    `pg1-socket-path=${server.socketDirectory}`,
    `pg1-user=${server.owner}`,
    ...(place.standby?.stanza ?? []),
    '',
  ].join('\n');
}

function openingOptions({ database, repository }: EngineContext, home: string): string[] {
  const { address, generation, key } = repository;
  const passphrase = key && repositoryPassphrase(key, database.id, generation);
  const caFile = address.caPem === undefined ? undefined : `${home}/ca.pem`;
  return [
    ...repositoryOptions({ databaseId: database.id, generation, passphrase }, address, caFile),
    'repo1-bundle=y',
    'repo1-block=y',
    'repo1-retention-full=9999999',
  ];
}

function processOptions(home: string, place: ConfigPlace): string[] {
  return [
    'compress-type=zst',
    'process-max=2',
    'start-fast=y',
    'expire-auto=n',
    'archive-async=y',
    'archive-timeout=120',
    `spool-path=${home}/${place.name}-spool`,
    `lock-path=${home}/${place.name}-lock`,
    'log-level-file=off',
    'log-level-console=info',
  ];
}

/** A command line of pgBackRest, to run as the server's owner. */
export function pgbackrest(server: Server, config: string, ...words: readonly string[]): string {
  return sh`cd / && runuser -u ${server.owner} -- pgbackrest --config=${raw(config)} --stanza=${raw(stanza)} ${words}`;
}
