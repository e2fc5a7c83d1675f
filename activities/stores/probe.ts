import { randomBytes, randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListObjectsV2Command,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type ErrorCode, TidemarkError } from '#domain/errors.ts';
import { createStoreClient, type StoreClient, type StoreDeps } from './client.ts';
import { type StoreCall, storeFailure } from './failures.ts';
import { deleteObject, fullKey, getObject, putObject, shown } from './objects.ts';
import type { StoreAddress } from './port.ts';

const stepNames = ['connect', 'list', 'put', 'get', 'multipart', 'delete'] as const;
export type ProbeStepName = (typeof stepNames)[number];

export interface ProbeStep {
  readonly name: ProbeStepName;
  readonly ok: boolean | 'skipped';
  readonly code?: ErrorCode;
  readonly message?: string;
  readonly hint?: string;
}

/** All steps, always in the order connect, list, put, get, multipart, delete. */
export interface ProbeReport {
  readonly ok: boolean;
  readonly steps: readonly ProbeStep[];
}

interface Probe {
  readonly client: StoreClient;
  readonly address: StoreAddress;
  /** Relative to the store's prefix, as all keys here are. */
  readonly folder: string;
  /** Keys that were, or may have been, written. */
  readonly written: Set<string>;
  readonly failures: Map<ProbeStepName, TidemarkError>;
  readonly skipped: Map<ProbeStepName, string>;
}

/** A person waits for the answer. */
const probeTimeouts = { connectMs: 5_000, answerMs: 10_000, callMs: 20_000 };
/** After these the other steps could only fail the same way. */
const endingCodes: readonly ErrorCode[] = [
  'invalid-request',
  'address-refused',
  'store-unreachable',
  'store-tls-failed',
  'store-credentials-refused',
  'store-bucket-missing',
];

/**
 * Tries each right that Tidemark needs, one by one, on objects of its own below `<prefix>/.tidemark-probe/`, and removes
 * them where it may. A missing right does not end it, so that every missing one is named. Never throws for what a store does.
 */
export async function probeStore(address: StoreAddress, deps: StoreDeps): Promise<ProbeReport> {
  const failures = new Map<ProbeStepName, TidemarkError>();
  let client: StoreClient;
  try {
    client = createStoreClient(address, { ...deps, timeouts: { ...probeTimeouts, ...deps.timeouts } });
  } catch (error) {
    return reportOf(failures.set('connect', storeFailure(error, address, { right: 's3:ListBucket' })), new Map());
  }
  const folder = `.tidemark-probe/${randomUUID()}`;
  const probe: Probe = { client, address, folder, written: new Set(), failures, skipped: new Map() };
  try {
    await runSteps(probe);
    return reportOf(probe.failures, probe.skipped);
  } finally {
    client.close();
  }
}

async function runSteps(probe: Probe): Promise<void> {
  const body = randomBytes(1024);
  const steps: readonly (readonly [ProbeStepName, () => Promise<void>])[] = [
    ['list', () => list(probe)],
    ['put', () => put(probe, body)],
    ['get', () => get(probe, body)],
    ['multipart', () => uploadInParts(probe, body)],
    ['delete', () => remove(probe)],
  ];
  for (const [name, step] of steps) {
    const error = await failureOf(step, probe.address);
    if (error === undefined) continue;
    const isEnd = endingCodes.includes(error.code);
    // the first call is also the proof of connection, credentials and bucket
    probe.failures.set(isEnd && name === 'list' ? 'connect' : name, error);
    if (!isEnd) continue;
    if (name !== 'delete' && probe.written.size > 0) await failureOf(() => remove(probe), probe.address);
    return;
  }
  if (isAllRefused(probe)) probe.failures.set('connect', refusedAltogether(probe.address));
}

async function failureOf(step: () => Promise<void>, address: StoreAddress): Promise<TidemarkError | undefined> {
  try {
    await step();
    return undefined;
  } catch (error) {
    return storeFailure(error, address, { right: 's3:ListBucket' });
  }
}

async function list({ client, address, folder }: Probe): Promise<void> {
  await client.call({ right: 's3:ListBucket' }, (s3, abortSignal) =>
    s3.send(new ListObjectsV2Command({ Bucket: address.bucket, Prefix: fullKey(address, `${folder}/`), MaxKeys: 1 }), { abortSignal }),
  );
}

async function put(probe: Probe, body: Buffer): Promise<void> {
  const key = `${probe.folder}/object`;
  await writing(probe, key, () => putObject(probe.client, probe.address, key, body));
}

/** Without the object of the step before, only a refusal tells anything: "no such key" shows that reading is granted. */
async function get(probe: Probe, body: Buffer): Promise<void> {
  const { client, address } = probe;
  const key = `${probe.folder}/object`;
  const isThere = !probe.failures.has('put');
  try {
    const found = await getObject(client, address, key, body.length);
    if (!found.equals(body)) throw new TidemarkError('store-failed', `${shown(address, key)} came back with other bytes than were put.`);
  } catch (error) {
    const { code } = storeFailure(error, address, { right: 's3:GetObject' });
    // without the right to list, S3 answers AccessDenied for what is merely not there
    const isTelling = isThere || (code !== 'object-missing' && !(code === 'store-permission-missing' && probe.failures.has('list')));
    if (isTelling) throw error;
    probe.skipped.set('get', 'There is no object to read, for none could be put.');
  }
}

async function uploadInParts(probe: Probe, body: Buffer): Promise<void> {
  const { client, address } = probe;
  const key = `${probe.folder}/parts`;
  const target = { Bucket: address.bucket, Key: fullKey(address, key) };
  const what: StoreCall = { right: 's3:PutObject', key: target.Key };
  const { UploadId } = await client.call(what, (s3, abortSignal) => s3.send(new CreateMultipartUploadCommand(target), { abortSignal }));
  if (UploadId === undefined) throw new TidemarkError('store-failed', `A multipart upload of ${shown(address, key)} began without an id.`);
  try {
    const { ETag } = await client.call(what, (s3, abortSignal) =>
      s3.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: body, ContentLength: body.length }), { abortSignal }),
    );
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await writing(probe, key, () =>
      client.call(what, (s3, abortSignal) =>
        s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }), { abortSignal }),
      ),
    );
  } catch (error) {
    const left = await failureOf(() => abortUpload(probe, target.Key, UploadId), address);
    const { code, message } = storeFailure(error, address, what);
    throw left === undefined ? error : new TidemarkError(code, `${message} The unfinished upload stays: ${left.message}`);
  }
}

async function abortUpload({ client, address }: Probe, Key: string, UploadId: string): Promise<void> {
  await client.call({ right: 's3:AbortMultipartUpload', key: Key }, (s3, abortSignal) =>
    s3.send(new AbortMultipartUploadCommand({ Bucket: address.bucket, Key, UploadId }), { abortSignal }),
  );
}

/** Also tries a key that was never written: deleting it is no error, and shows the right as well. */
async function remove(probe: Probe): Promise<void> {
  if (probe.written.size === 0) await deleteObject(probe.client, probe.address, `${probe.folder}/object`);
  for (const key of probe.written) {
    try {
      await deleteObject(probe.client, probe.address, key);
      probe.written.delete(key);
    } catch (error) {
      const { code, message } = storeFailure(error, probe.address, { right: 's3:DeleteObject' });
      const left = [...probe.written].map((stays) => JSON.stringify(fullKey(probe.address, stays))).join(', ');
      throw new TidemarkError(code, `${message} What stays in the bucket: ${left}.`);
    }
  }
}

/** A write that was refused left nothing; of one whose answer was lost nobody knows. */
async function writing(probe: Probe, key: string, write: () => Promise<unknown>): Promise<void> {
  probe.written.add(key);
  try {
    await write();
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'store-permission-missing') probe.written.delete(key);
    throw error;
  }
}

/** Several makers answer AccessDenied, and nothing finer, to an access key that they do not know. */
function isAllRefused({ failures }: Probe): boolean {
  return (['list', 'put', 'multipart', 'delete'] as const).every((name) => failures.get(name)?.code === 'store-permission-missing');
}

function refusedAltogether(address: StoreAddress): TidemarkError {
  const bucket = `the bucket ${JSON.stringify(address.bucket)} at ${JSON.stringify(address.endpoint)}`;
  return new TidemarkError(
    'store-credentials-refused',
    `Nothing at all is granted on ${bucket}: the keys are wrong, or have no right on it.`,
  );
}

function reportOf(failures: ReadonlyMap<ProbeStepName, TidemarkError>, skipped: ReadonlyMap<ProbeStepName, string>): ProbeReport {
  const end = stepNames.findIndex((name) => endingCodes.includes(failures.get(name)?.code ?? 'internal'));
  const steps = stepNames.map((name, index): ProbeStep => {
    const error = failures.get(name);
    if (error !== undefined) return { name, ok: false, code: error.code, message: error.message, hint: error.hint };
    const message = skipped.get(name);
    if (message !== undefined) return { name, ok: 'skipped', message };
    return { name, ok: end === -1 || index < end ? true : 'skipped' };
  });
  return { ok: failures.size === 0, steps };
}
