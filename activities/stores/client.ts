import { Agent, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { type Duplex, pipeline, Readable, Transform } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { endpointUrl, trustedCertificates } from './endpoint.ts';
import { type StoreCall, storeFailure } from './failures.ts';
import { gatherReads } from './gathering.ts';
import type { NetworkGuard } from './networks.ts';
import type { StoreAddress } from './port.ts';

export interface StoreTimeouts {
  /** Until the TCP connection stands. */
  readonly connectMs: number;
  /** Until the first byte of an answer, counted from the start of the request. */
  readonly answerMs: number;
  /** Without a byte in either direction. */
  readonly silenceMs: number;
  /** Of one whole call, its second attempt and the body included. */
  readonly callMs: number;
}

/** For calls that carry much: as long as bytes move. A part that fails is sent again, for it is in memory. */
export const transferTimeouts: StoreTimeouts = { connectMs: 10_000, answerMs: 3_600_000, silenceMs: 30_000, callMs: 24 * 3_600_000 };

export interface StoreDeps {
  readonly guard: NetworkGuard;
  readonly timeouts?: Partial<StoreTimeouts>;
  /** Bodies are guarded by TLS and not by the signature too, which would hash every byte at both ends. */
  readonly unsignedBodies?: boolean;
}

/** An S3 client whose calls end in time and fail only with entries of the error catalogue. */
export interface StoreClient {
  call<T>(what: StoreCall, act: (s3: S3Client, abortSignal: AbortSignal) => Promise<T>): Promise<T>;
  close(): void;
}

const defaultTimeouts: StoreTimeouts = { connectMs: 10_000, answerMs: 30_000, silenceMs: 30_000, callMs: 120_000 };
/** A page of 1,000 keys of 1,024 bytes, escaped, is below it. */
const answerLimitBytes = 8 * 1024 * 1024;
const errorLimitBytes = 256 * 1024;

export function createStoreClient(address: StoreAddress, deps: StoreDeps): StoreClient {
  const timeouts = { ...defaultTimeouts, ...deps.timeouts };
  const s3 = createS3Client(address, deps.guard, timeouts);
  if (deps.unsignedBodies === true) leaveBodiesUnsigned(s3);
  return {
    async call(what, act) {
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(), timeouts.callMs);
      try {
        return await act(s3, deadline.signal);
      } catch (error) {
        throw storeFailure(error, address, what);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => s3.destroy(),
  };
}

/** Everything that the SDK would otherwise look up in the environment or in ~/.aws is given. */
function createS3Client(address: StoreAddress, guard: NetworkGuard, timeouts: StoreTimeouts): S3Client {
  const s3 = new S3Client({
    endpoint: endpointUrl(address),
    region: address.region === '' ? 'us-east-1' : address.region,
    credentials: { accessKeyId: address.accessKey, secretAccessKey: address.secretKey },
    requestHandler: new NodeHttpHandler({
      httpsAgent: guardedAgent(address, guard),
      connectionTimeout: timeouts.connectMs,
      requestTimeout: timeouts.answerMs,
      // without it a request that exceeds its timeout is only warned about
      throwOnRequestTimeout: true,
      socketTimeout: timeouts.silenceMs,
    }),
    forcePathStyle: true,
    bucketEndpoint: false,
    followRegionRedirects: false,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // retry belongs to Temporal; the second attempt is for a kept-alive connection that the server has just closed
    maxAttempts: 2,
    retryMode: 'standard',
    defaultsMode: 'standard',
    authSchemePreference: ['sigv4'],
    sigv4aSigningRegionSet: [],
    userAgentAppId: undefined,
    useArnRegion: false,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    disableMultiregionAccessPoints: true,
    disableS3ExpressSessionAuth: true,
  });
  guardEachRequest(s3, guard);
  return s3;
}

/** Given to the handler as an Agent, not as its options: for `Expect: 100-continue` it would make a new one without them. */
function guardedAgent(address: StoreAddress, guard: NetworkGuard): Agent {
  const lookup: LookupFunction = (host, options, callback) => {
    guard.resolve(host).then(
      (found) => (options.all === true ? callback(null, [found]) : callback(null, found.address, found.family)),
      (error: NodeJS.ErrnoException) => callback(error, '', 4),
    );
  };
  const ca = trustedCertificates(address);
  return new GatheringAgent({ keepAlive: true, maxSockets: 50, rejectUnauthorized: true, lookup, ...(ca && { ca }) });
}

class GatheringAgent extends Agent {
  override createConnection(
    options: RequestOptions,
    onConnection?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const socket = super.createConnection(options, onConnection);
    return socket instanceof TLSSocket ? gatherReads(socket) : socket;
  }
}

function guardEachRequest(s3: S3Client, guard: NetworkGuard): void {
  s3.middlewareStack.add(
    (next, context) => async (args) => {
      await refuseLiteral(args.request, guard);
      const result = await next({ ...args, request: inPieces(args.request) });
      limitBody(result.response, context['commandName'] === 'GetObjectCommand');
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'tidemarkGuard' },
  );
}

const PIECE_BYTES = 256 * 1024;

/** TLS encrypts what it is given at once, into memory: a part would be there twice. Each attempt reads the part's memory anew. */
function inPieces(request: unknown): unknown {
  if (!isRecord(request) || !(request['body'] instanceof Uint8Array) || request['body'].length <= PIECE_BYTES) return request;
  const whole = request['body'];
  const pieces = function* (): Generator<Uint8Array> {
    for (let at = 0; at < whole.length; at += PIECE_BYTES) yield whole.subarray(at, at + PIECE_BYTES);
  };
  const body = Readable.from(pieces(), { objectMode: false, highWaterMark: PIECE_BYTES });
  return Object.assign(Object.create(Object.getPrototypeOf(request) as object) as object, request, { body });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html: UNSIGNED-PAYLOAD. The signer takes a hash that it finds. */
function leaveBodiesUnsigned(s3: S3Client): void {
  s3.middlewareStack.add(
    (next, context) => async (args) => {
      const isUpload = ['UploadPartCommand', 'PutObjectCommand'].includes(String(context['commandName']));
      if (isUpload && isRecord(args.request) && isRecord(args.request['headers'])) {
        args.request['headers']['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      }
      return await next(args);
    },
    { step: 'build', name: 'tidemarkUnsignedBodies' },
  );
}

/** Node never calls `lookup` for a literal address; odd literals ("127.1") have become plain ones in the SDK's URL by now. */
async function refuseLiteral(request: unknown, guard: NetworkGuard): Promise<void> {
  const host = isRecord(request) && typeof request['hostname'] === 'string' ? request['hostname'] : '';
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (host === '' || isIP(bare) !== 0) await guard.resolve(bare);
}

/** The SDK reads XML and errors into memory whole; an object's own bytes are counted by who reads them. */
function limitBody(response: unknown, isObject: boolean): void {
  if (!isRecord(response) || !(response['body'] instanceof Readable)) return;
  const isError = Number(response['statusCode']) >= 300;
  if (isObject && !isError) return;
  const limitBytes = isError ? errorLimitBytes : answerLimitBytes;
  let seenBytes = 0;
  const limiter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seenBytes += chunk.length;
      done(seenBytes > limitBytes ? Object.assign(new Error('answer too long'), { code: 'ERR_ANSWER_TOO_LONG' }) : null, chunk);
    },
  });
  response['body'] = pipeline(response['body'], limiter, () => {
    // the reader of the limiter sees the failure
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
