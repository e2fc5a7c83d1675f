import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { watched } from '#activities/streams/pieces.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { StoreClient } from './client.ts';
import { storeFailure } from './failures.ts';
import { fullKey, shown, withAnswer } from './objects.ts';
import type { StoreAddress, TransferOptions } from './port.ts';

const PART_BYTES = 5 * 1024 * 1024;
/** Parts that are sent at once; one more is being filled. */
const PARTS_IN_FLIGHT = 3;

/** Returns how many bytes were sent. The SDK completes an upload whose source ended early: a source has to fail, and its failure is told here. */
export async function uploadObject(
  client: StoreClient,
  address: StoreAddress,
  key: string,
  body: AsyncIterable<Buffer>,
  { signal }: TransferOptions = {},
): Promise<number> {
  const Key = fullKey(address, key);
  let sizeBytes = 0;
  let broken: { readonly error: unknown } | undefined;
  const cancellable = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      signal?.throwIfAborted();
      yield chunk;
    }
  };
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of watched(cancellable(), (error) => (broken = { error }))) {
      sizeBytes += chunk.length;
      yield chunk;
    }
  };
  const source = Readable.from(counted(), { objectMode: false });
  try {
    const target = { Bucket: address.bucket, Key };
    await client.call({ right: 's3:PutObject', key: Key }, (s3) =>
      withAnswer(s3, target, () =>
        new Upload({
          client: s3,
          params: { ...target, Body: source },
          partSize: PART_BYTES,
          queueSize: PARTS_IN_FLIGHT,
          leavePartsOnError: false,
        }).done(),
      ),
    );
    return sizeBytes;
  } catch (error) {
    if (broken !== undefined) throw broken.error;
    throw error;
  } finally {
    source.destroy();
  }
}

export async function downloadObject(
  client: StoreClient,
  address: StoreAddress,
  key: string,
  { signal }: TransferOptions = {},
): Promise<Readable> {
  const Key = fullKey(address, key);
  const call = { right: 's3:GetObject', key: Key } as const;
  const found = await client.call(call, (s3) =>
    s3.send(new GetObjectCommand({ Bucket: address.bucket, Key }), signal === undefined ? {} : { abortSignal: signal }),
  );
  const body = found.Body as Readable;
  const counted = async function* (): AsyncGenerator<Buffer> {
    let sizeBytes = 0;
    try {
      for await (const chunk of body) {
        sizeBytes += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw storeFailure(error, address, call);
    }
    if (sizeBytes !== found.ContentLength) {
      throw new TidemarkError(
        'store-failed',
        `${shown(address, key)} was announced with ${found.ContentLength ?? 'no'} bytes and came with ${sizeBytes}.`,
      );
    }
  };
  return Readable.from(counted(), { objectMode: false });
}
