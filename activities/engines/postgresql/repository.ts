import { hkdfSync } from 'node:crypto';
import { raw, sh } from '#activities/hosts/script.ts';
import { generationKey } from '#domain/names.ts';
import { homeOf, makeHome } from '../home.ts';
import type { EngineContext } from '../port.ts';
import type { Server } from './server.ts';

export const stanza = 'db';

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

/** The repository's keys in the bucket, relative to the store's prefix. */
export function repositoryKey(databaseId: string, generation: number): string {
  return `${generationKey(databaseId, generation)}/pgbackrest`;
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
    ...repositoryOptions(context, home),
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

function repositoryOptions(context: EngineContext, home: string): string[] {
  const { address, generation, key } = context.repository;
  const prefix = address.prefix === '' ? '' : `/${address.prefix}`;
  const { host, port } = splitEndpoint(address.endpoint);
  return [
    'repo1-type=s3',
    `repo1-path=${prefix}/${repositoryKey(context.database.id, generation)}`,
    `repo1-s3-endpoint=${host}`,
    `repo1-storage-port=${port}`,
    `repo1-s3-bucket=${address.bucket}`,
    `repo1-s3-region=${address.region}`,
    `repo1-s3-key=${address.accessKey}`,
    `repo1-s3-key-secret=${address.secretKey}`,
    'repo1-s3-uri-style=path',
    ...(address.caPem === undefined ? [] : [`repo1-storage-ca-file=${home}/ca.pem`]),
    ...(key === undefined
      ? []
      : ['repo1-cipher-type=aes-256-cbc', `repo1-cipher-pass=${passphrase(key, context.database.id, generation)}`]),
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

/** pgBackRest's passphrase of one repository, 256 bits derived from the policy's key; see docs/format.md. */
function passphrase(key: Buffer, databaseId: string, generation: number): string {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `tidemark/1/pgbackrest/${databaseId}/g${generation}`, 32)).toString('base64');
}

function splitEndpoint(endpoint: string): { host: string; port: number } {
  const match = /^(.*?)(?::(\d+))?$/.exec(endpoint);
  return { host: match?.[1] ?? endpoint, port: Number(match?.[2] ?? 443) };
}

/** A command line of pgBackRest, to run as the server's owner. */
export function pgbackrest(server: Server, config: string, ...words: readonly string[]): string {
  return sh`cd / && runuser -u ${server.owner} -- pgbackrest --config=${raw(config)} --stanza=${raw(stanza)} ${words}`;
}
