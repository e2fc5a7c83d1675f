import { readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import type { CommandResult } from '#standalone/commands.ts';

/** The lab's S3 server. Buckets belong to root; another user reaches one by the bucket's policy only. */
export interface LabS3 {
  /** "address:port", TLS by a private authority. */
  readonly endpoint: string;
  readonly region: string;
  readonly caPem: string;
  readonly rootAccessKey: string;
  readonly rootSecretKey: string;
  createBucket(bucket: string): Promise<void>;
  createUser(accessKey: string, secretKey: string): Promise<void>;
  /** The old secret is refused from then on. */
  changeSecret(accessKey: string, secretKey: string): Promise<void>;
  /** Replaces the bucket's policy by these statements. */
  putBucketPolicy(bucket: string, statements: readonly PolicyStatement[]): Promise<void>;
}

export interface PolicyStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly accessKey: string;
  /** "s3:GetObject", "s3:*" */
  readonly actions: readonly string[];
}

interface LabS3Options {
  readonly directory: string;
  readonly address: string;
  readonly exec: (service: 's3', command: readonly string[], options: { input: string }) => Promise<CommandResult>;
}

export async function createLabS3({ directory, address, exec }: LabS3Options): Promise<LabS3> {
  const endpoint = `${address}:7070`;
  const caPem = await readFile(join(directory, 'ca.crt'), 'utf8');
  const credentials = await readFile(join(directory, 'root-credentials'), 'utf8');
  const [rootAccessKey = '', rootSecretKey = ''] = credentials.split('\n').map((line) => line.split('=')[1] ?? '');
  const withClient = async <T>(work: (client: S3Client) => Promise<T>): Promise<T> => {
    const client = new S3Client({
      endpoint: `https://${endpoint}`,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId: rootAccessKey, secretAccessKey: rootSecretKey },
      requestHandler: { httpsAgent: new Agent({ ca: caPem }), connectionTimeout: 5_000, requestTimeout: 30_000 },
    });
    return await work(client).finally(() => client.destroy());
  };
  const administer = async (command: string, accessKey: string, secretKey: string): Promise<void> => {
    const result = await exec('s3', ['sh', '-euc', userScript(command)], { input: `${accessKey}\n${secretKey}\n` });
    if (result.exitCode !== 0) throw new Error(`${command} of the lab's S3 user ${accessKey} failed: ${result.stdout}${result.stderr}`);
  };
  return {
    endpoint,
    region,
    caPem,
    rootAccessKey,
    rootSecretKey,
    async createBucket(bucket) {
      await withClient(async (client) => await client.send(new CreateBucketCommand({ Bucket: bucket })));
    },
    createUser: (accessKey, secretKey) => administer('create-user --role user', accessKey, secretKey),
    changeSecret: (accessKey, secretKey) => administer('update-user', accessKey, secretKey),
    async putBucketPolicy(bucket, statements) {
      const Policy = JSON.stringify(policyDocument(bucket, statements));
      await withClient(async (client) => await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy })));
    },
  };
}

const region = 'us-east-1';

const userScript = (command: string): string => `
read -r access && read -r secret
. /lab/root-credentials
export ADMIN_ACCESS_KEY=$ROOT_ACCESS_KEY ADMIN_SECRET_KEY=$ROOT_SECRET_KEY
versitygw admin --allow-insecure --endpoint-url https://127.0.0.1:7070 ${command} --access "$access" --secret "$secret"
`;

function policyDocument(bucket: string, statements: readonly PolicyStatement[]): object {
  return {
    Version: '2012-10-17',
    Statement: statements.map(({ effect, accessKey, actions }) => ({
      Effect: effect,
      Principal: { AWS: [accessKey] },
      Action: actions,
      Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
    })),
  };
}
