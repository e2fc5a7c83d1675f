import type { Readable } from 'node:stream';

/** Where backups lie: a bucket and a path prefix at an S3-compatible endpoint. `endpoint` is "host" or "host:port", always HTTPS. */
export interface StoreAddress {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Without slashes at either end; "" when there is none. */
  readonly prefix: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** PEM of a private certificate authority. */
  readonly caPem?: string | undefined;
}

export interface StoredObject {
  /** Relative to the store's prefix. */
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

export interface TransferOptions {
  /** When it aborts, the transfer fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * One open store. Keys are relative to its prefix.
 *
 * Contract: every call ends within its timeout, but a transfer as long as bytes move; no redirect is followed; credentials are explicit.
 * Errors: `store-unreachable`, `store-tls-failed`, `store-credentials-refused`, `store-bucket-missing`,
 * `store-permission-missing`, `store-failed`, `object-missing`, `address-refused`, and `invalid-request` from opening one.
 */
export interface Store {
  /** Everything below a key prefix, in the order of the keys. */
  list(keyPrefix: string): AsyncIterable<StoredObject>;
  /** undefined when there is no such object. */
  head(key: string): Promise<StoredObject | undefined>;
  /** The whole object; meant for small ones: more than `maxBytes` (default 4 MiB) is refused. */
  get(key: string, maxBytes?: number): Promise<Buffer>;
  /** Writes a small object and reads back its size. */
  put(key: string, body: Buffer): Promise<void>;
  /**
   * Writes an object of any size (up to 78 GiB) from a stream, in parts of 8 MiB; at most four of them are in memory at once. Reads
   * back its size. When it throws, nothing counts as written: an unfinished upload has been aborted, the body is destroyed, and
   * the body's own error is thrown as it is.
   */
  upload(key: string, body: AsyncIterable<Buffer>, options?: TransferOptions): Promise<{ readonly sizeBytes: number }>;
  /**
   * The object's bytes, with back-pressure. The stream fails when no byte comes for the time of an answer, or when it ends short.
   * Errors while it is opened are thrown, afterwards they destroy the stream.
   */
  download(key: string, options?: TransferOptions): Promise<Readable>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  close(): void;
}
