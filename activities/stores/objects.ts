import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  type _Object,
} from '@aws-sdk/client-s3';
import { TidemarkError } from '#domain/errors.ts';
import type { StoreClient } from './client.ts';
import type { StoreAddress, StoredObject } from './port.ts';

/** The key inside the bucket. */
export function fullKey(address: StoreAddress, key: string): string {
  return address.prefix === '' ? key : `${address.prefix}/${key}`;
}

/** Every object below a key prefix, page by page. */
export async function* listObjects(client: StoreClient, address: StoreAddress, keyPrefix: string): AsyncGenerator<StoredObject> {
  const { bucket: Bucket } = address;
  const Prefix = fullKey(address, keyPrefix);
  let token: string | undefined;
  do {
    const page = await client.call({ right: 's3:ListBucket' }, (s3, abortSignal) =>
      s3.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken: token }), { abortSignal }),
    );
    for (const object of page.Contents ?? []) yield storedObject(address, Prefix, object);
    const next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    if (page.IsTruncated === true && (next === undefined || next === token)) {
      throw new TidemarkError('store-failed', `The list of ${shown(address, keyPrefix)} breaks off: the store says "more" and not where.`);
    }
    token = next;
  } while (token !== undefined);
}

function storedObject(address: StoreAddress, prefix: string, object: _Object): StoredObject {
  const { Key: key, Size: sizeBytes, LastModified: modifiedAt } = object;
  if (key === undefined || !key.startsWith(prefix) || sizeBytes === undefined || modifiedAt === undefined) {
    throw new TidemarkError(
      'store-failed',
      `The list of ${shown(address, '')} holds an entry that was not asked for, or without size or time.`,
    );
  }
  return { key: key.slice(fullKey(address, '').length), sizeBytes, modifiedAt };
}

export async function headObject(client: StoreClient, address: StoreAddress, key: string): Promise<StoredObject | undefined> {
  const Key = fullKey(address, key);
  try {
    const found = await client.call({ right: 's3:GetObject', key: Key }, (s3, abortSignal) =>
      s3.send(new HeadObjectCommand({ Bucket: address.bucket, Key }), { abortSignal }),
    );
    if (found.ContentLength === undefined) throw new TidemarkError('store-failed', `${shown(address, key)} is shown without its size.`);
    return { key, sizeBytes: found.ContentLength, modifiedAt: found.LastModified ?? new Date(0) };
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'object-missing') return undefined;
    if (error instanceof TidemarkError && error.code === 'store-permission-missing') await askWithBody(client, address, Key);
    throw error;
  }
}

/** The answer to HEAD has no body, and a 403 without one may also mean the keys: the same as GET says which. */
async function askWithBody(client: StoreClient, { bucket: Bucket }: StoreAddress, Key: string): Promise<void> {
  await client.call({ right: 's3:GetObject', key: Key }, async (s3, abortSignal) => {
    const found = await s3.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=0-0' }), { abortSignal });
    (found.Body as Readable | undefined)?.destroy();
  });
}

export async function getObject(client: StoreClient, address: StoreAddress, key: string, maxBytes: number): Promise<Buffer> {
  const Key = fullKey(address, key);
  return await client.call({ right: 's3:GetObject', key: Key }, async (s3, abortSignal) => {
    const found = await s3.send(new GetObjectCommand({ Bucket: address.bucket, Key }), { abortSignal });
    return await readBody(found.Body as Readable | undefined, found.ContentLength, maxBytes, shown(address, key));
  });
}

async function readBody(body: Readable | undefined, announcedBytes: number | undefined, maxBytes: number, name: string): Promise<Buffer> {
  const tooLong = new TidemarkError('store-failed', `${name} holds more than the ${maxBytes} bytes that are read at once.`);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw tooLong;
  }
  if (announcedBytes !== undefined && announcedBytes !== sizeBytes) {
    throw new TidemarkError('store-failed', `${name} was announced with ${announcedBytes} bytes and came with ${sizeBytes}.`);
  }
  return Buffer.concat(chunks);
}

export async function putObject(client: StoreClient, address: StoreAddress, key: string, body: Buffer): Promise<void> {
  const Key = fullKey(address, key);
  const target = { Bucket: address.bucket, Key };
  await client.call({ right: 's3:PutObject', key: Key }, (s3, abortSignal) =>
    withAnswer(s3, target, () => s3.send(new PutObjectCommand({ ...target, Body: body, ContentLength: body.length }), { abortSignal })),
  );
}

/**
 * A store that refuses a body may cut the connection before its answer is read. The start of an upload in parts takes the same right
 * and has no body: what is answered to that is the reason, if it is refused too.
 */
export async function withAnswer<T>(s3: S3Client, target: { Bucket: string; Key: string }, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!isCut(error)) throw error;
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
    // nothing is in it; that it could not be taken back is not why the connection was cut
    await s3.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => undefined);
    throw error;
  }
}

function isCut(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

export async function deleteObject(client: StoreClient, address: StoreAddress, key: string): Promise<void> {
  const Key = fullKey(address, key);
  try {
    await client.call({ right: 's3:DeleteObject', key: Key }, (s3, abortSignal) =>
      s3.send(new DeleteObjectCommand({ Bucket: address.bucket, Key }), { abortSignal }),
    );
  } catch (error) {
    if (!(error instanceof TidemarkError && error.code === 'object-missing')) throw error;
  }
}

/** An object as a message names it. */
export function shown(address: StoreAddress, key: string): string {
  return `${JSON.stringify(fullKey(address, key))} in the bucket ${JSON.stringify(address.bucket)} at ${JSON.stringify(address.endpoint)}`;
}
