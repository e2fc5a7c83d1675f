import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { createStoreClient } from '#activities/stores/client.ts';
import { createNetworkGuard } from '#activities/stores/networks.ts';
import type { StoreAddress } from '#activities/stores/port.ts';
import { createCertificates } from '#lab/certificates.ts';
import { findCacheDir } from '#standalone/parts/cache.ts';
import { createProgress } from '#standalone/parts/progress.ts';
import { ensureVersitygw } from '#standalone/parts/versitygw.ts';

const run = promisify(execFile);

export interface Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Of a server at 127.0.0.1; not good for "localhost". */
export interface Certificates {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

/** A real S3 server over TLS on a loopback port, with a private authority; it and its folder are gone after `stop`. */
export interface Versitygw {
  readonly certificates: Certificates;
  readonly port: number;
  createBucket(bucket: string): Promise<void>;
  /** A user without any right until a policy grants it some. */
  createUser(name: string): Promise<Keys>;
  /** Grants a user everything on a bucket but what is named; takes the place of the bucket's policy. */
  grantAllBut(bucket: string, user: Keys, denied: readonly string[]): Promise<void>;
  /** The root user's, unless `over` says other keys. */
  address(bucket: string, over?: Partial<StoreAddress>): StoreAddress;
  stop(): Promise<void>;
}

/** The operator's setting of tests: loopback is permitted. */
export const loopbackGuard = createNetworkGuard({ allowed: ['127.0.0.0/8', '::1'] });

const root: Keys = { accessKey: 'tidemark-root', secretKey: 'root-secret-canary' };

export async function startVersitygw(): Promise<Versitygw> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-s3-'));
  const binary = await ensureVersitygw({ cacheDir: findCacheDir(process.env), progress: createProgress(() => undefined) });
  const certificates = await createTls(folder);
  await Promise.all(['data', 'iam'].map((name) => mkdir(join(folder, name))));
  const port = await freePort();
  const stopServer = await startServer(binary, folder, port);
  const address: Versitygw['address'] = (bucket, over) => ({
    endpoint: `127.0.0.1:${port}`,
    region: 'us-east-1',
    bucket,
    prefix: 'team/backups',
    caPem: certificates.caPem,
    ...root,
    ...over,
  });
  return {
    certificates,
    port,
    address,
    async createBucket(bucket) {
      await mkdir(join(folder, 'data', bucket));
    },
    async createUser(name) {
      const keys = { accessKey: name, secretKey: `${name}-secret-canary` };
      const admin = ['admin', '-a', root.accessKey, '-s', root.secretKey, '--er', `https://127.0.0.1:${port}`, '--ai'];
      await run(binary, [...admin, 'create-user', '-a', name, '-s', keys.secretKey, '-r', 'user']);
      return keys;
    },
    grantAllBut: (bucket, user, denied) => putPolicy(address(bucket), policyOf(bucket, user, denied)),
    async stop() {
      await stopServer();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function createTls(folder: string): Promise<Certificates> {
  await createCertificates(folder, '127.0.0.1');
  const [caPem = '', certPem = '', keyPem = ''] = await Promise.all(
    ['ca.crt', 'server.crt', 'server.key'].map((name) => readFile(join(folder, name), 'utf8')),
  );
  return { caPem, certPem, keyPem };
}

async function startServer(binary: string, folder: string, port: number): Promise<() => Promise<void>> {
  // absolute paths: it changes directory before it reads the certificate
  const tls = ['--cert', join(folder, 'server.crt'), '--key', join(folder, 'server.key')];
  const users = ['-a', root.accessKey, '-s', root.secretKey, '--iam-dir', join(folder, 'iam'), '--iam-cache-disable'];
  const server = spawn(
    binary,
    [...tls, ...users, '--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive', 'posix', join(folder, 'data')],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let lastWords = '';
  server.stderr.on('data', (chunk: Buffer) => (lastWords = `${lastWords}${chunk.toString()}`.slice(-2_000)));
  const killAtExit = () => server.kill('SIGKILL');
  process.once('exit', killAtExit);
  for (let tries = 0; !(await isListening(port)); tries += 1) {
    if (server.exitCode !== null || tries === 100) throw new Error(`versitygw did not start: ${lastWords}`);
    await sleep(100);
  }
  return async () => {
    process.removeListener('exit', killAtExit);
    server.kill('SIGTERM');
    const late = setTimeout(() => server.kill('SIGKILL'), 3_000);
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
    clearTimeout(late);
  };
}

function policyOf(bucket: string, user: Keys, denied: readonly string[]): object {
  const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  const Principal = user.accessKey;
  const allow = { Effect: 'Allow', Principal, Action: 's3:*', Resource };
  // one statement per kind of resource: an action that does not fit its resource makes the whole policy malformed
  const deny = denied.map((Action) => ({
    Effect: 'Deny',
    Principal,
    Action,
    Resource: Action === 's3:ListBucket' ? Resource[0] : Resource[1],
  }));
  return { Version: '2012-10-17', Statement: [allow, ...deny] };
}

async function putPolicy(address: StoreAddress, policy: object): Promise<void> {
  const client = createStoreClient(address, { guard: loopbackGuard });
  const command = new PutBucketPolicyCommand({ Bucket: address.bucket, Policy: JSON.stringify(policy) });
  await client.call({ right: 's3:PutObject' }, (s3) => s3.send(command)).finally(() => client.close());
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return await new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).then((isOpen) => (socket.destroy(), isOpen === true));
}
