import { hkdfSync } from 'node:crypto';
import { generationKey } from './names.ts';

/** pgBackRest's repository of one generation of a PostgreSQL database, as who backs up and who restores by hand name it: docs/format.md. */

export const stanza = 'db';

export interface Repository {
  readonly databaseId: string;
  readonly generation: number;
  /** undefined where the generation is not encrypted. */
  readonly passphrase: string | undefined;
}

export interface RepositoryStore {
  /** Host name, with a port if it is not 443. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** The repository's keys in the bucket, relative to the store's prefix. */
export function repositoryKey(databaseId: string, generation: number): string {
  return `${generationKey(databaseId, generation)}/pgbackrest`;
}

/** Where pgBackRest finds it in the bucket. */
export function repositoryPath(prefix: string, databaseId: string, generation: number): string {
  return `${prefix === '' ? '' : `/${prefix}`}/${repositoryKey(databaseId, generation)}`;
}

/** 256 bits derived from the policy's key, in base64. */
export function repositoryPassphrase(policyKey: Buffer, databaseId: string, generation: number): string {
  const info = `tidemark/1/pgbackrest/${databaseId}/g${generation}`;
  return Buffer.from(hkdfSync('sha256', policyKey, Buffer.alloc(0), info, 32)).toString('base64');
}

/** The lines of a configuration by which pgBackRest finds and opens it; `caFile` is undefined for the public authorities. */
export function repositoryOptions(
  { databaseId, generation, passphrase }: Repository,
  { endpoint, region, bucket, prefix, accessKey, secretKey }: RepositoryStore,
  caFile: string | undefined,
): string[] {
  const { host, port } = splitEndpoint(endpoint);
  return [
    'repo1-type=s3',
    `repo1-path=${repositoryPath(prefix, databaseId, generation)}`,
    `repo1-s3-endpoint=${host}`,
    `repo1-storage-port=${port}`,
    `repo1-s3-bucket=${bucket}`,
    `repo1-s3-region=${region}`,
    `repo1-s3-key=${accessKey}`,
    `repo1-s3-key-secret=${secretKey}`,
    'repo1-s3-uri-style=path',
    ...(caFile === undefined ? [] : [`repo1-storage-ca-file=${caFile}`]),
    ...(passphrase === undefined ? [] : ['repo1-cipher-type=aes-256-cbc', `repo1-cipher-pass=${passphrase}`]),
  ];
}

function splitEndpoint(endpoint: string): { host: string; port: number } {
  const match = /^(.*?)(?::(\d+))?$/.exec(endpoint);
  return { host: match?.[1] ?? endpoint, port: Number(match?.[2] ?? 443) };
}
