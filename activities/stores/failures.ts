import { type ErrorCode, TidemarkError } from '#domain/errors.ts';
import type { StoreAddress } from './port.ts';

/** What was asked of the store: the right that it takes, and the object, by its key inside the bucket. */
export interface StoreCall {
  readonly right: StoreRight;
  readonly key?: string | undefined;
}

export type StoreRight = 's3:ListBucket' | 's3:GetObject' | 's3:PutObject' | 's3:DeleteObject' | 's3:AbortMultipartUpload';

const credentialCodes = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidSecurity',
  'InvalidToken',
  'ExpiredToken',
  'TokenRefreshRequired',
  'NotSignedUp',
  'AccountProblem',
  'CredentialsNotSupported',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'NoSuchUser',
  'Unauthorized',
]);
const regionCodes = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);
const bucketCodes = new Set(['NoSuchBucket', 'InvalidBucketName']);
const deniedCodes = new Set(['AccessDenied', 'Forbidden', 'AllAccessDisabled']);

const unreachableCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  EADDRNOTAVAIL: 'there is no route to it',
  ENOTFOUND: 'its name is unknown',
  EAI_AGAIN: 'its name could not be looked up',
  ETIMEDOUT: 'it did not answer in time',
};

const tlsReasons: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an unknown authority',
};
const tlsForm =
  /^(?:EPROTO|ERR_(?:TLS|SSL|OSSL)_\w+|(?:UNABLE_TO|CERT|CRL|ERROR_IN)_\w+|\w+_CERT(?:_\w+)?|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/;

/**
 * Any failure of a call as an entry of the error catalogue. It has no cause on purpose: the SDK's errors hold the request's
 * signature and whatever the server answered, and a server may be anybody's. Only an error code in plain letters is passed on.
 */
export function storeFailure(error: unknown, address: StoreAddress, call: StoreCall): TidemarkError {
  if (error instanceof TidemarkError) return new TidemarkError(error.code, error.message);
  const code = textField(error, 'code');
  return networkFailure(error, code, address) ?? answeredFailure(nameOf(error), statusOf(error), address, call);
}

function networkFailure(error: unknown, code: string, address: StoreAddress): TidemarkError | undefined {
  const store = `The store ${JSON.stringify(address.endpoint)}`;
  if (code === 'ERR_ANSWER_TOO_LONG') return new TidemarkError('store-failed', `${store} gave an answer too long for S3.`);
  const reason = unreachableCodes[code];
  if (reason !== undefined) return new TidemarkError('store-unreachable', `${store} cannot be reached: ${reason} (${code}).`);
  if (tlsForm.test(code)) {
    return new TidemarkError('store-tls-failed', `${store} cannot be trusted: ${tlsReasons[code] ?? 'TLS failed'} (${code}).`);
  }
  if (['TimeoutError', 'AbortError'].includes(textField(error, 'name'))) {
    return new TidemarkError('store-unreachable', `${store} cannot be reached: it did not answer in time.`);
  }
  return undefined;
}

function answeredFailure(name: string, status: number, address: StoreAddress, call: StoreCall): TidemarkError {
  const code = answeredCode(name, status, call);
  const bucket = `The bucket ${JSON.stringify(address.bucket)} at ${JSON.stringify(address.endpoint)}`;
  const answer = [name, ...(status > 0 ? [`HTTP ${status}`] : [])].filter((part) => part !== '').join(', ') || 'not an answer of S3';
  const object = call.key === undefined ? '' : ` on ${JSON.stringify(call.key)}`;
  const messages: Partial<Record<ErrorCode, string>> = {
    'store-credentials-refused': `The store ${JSON.stringify(address.endpoint)} does not accept the access key and secret key (${answer}).`,
    'store-bucket-missing': regionCodes.has(name)
      ? `${bucket} is not in the region ${JSON.stringify(address.region)} (${answer}).`
      : `${bucket} does not exist (${answer}).`,
    'store-permission-missing': `${bucket} does not grant ${call.right}${object} (${answer}).`,
    'object-missing': `${bucket} has no object ${JSON.stringify(call.key ?? '')} (${answer}).`,
    'store-failed': `${bucket} failed${object}: ${status >= 300 && status < 400 ? 'a redirect, which is not followed' : 'the store answered'} (${answer}).`,
  };
  return new TidemarkError(code, messages[code] ?? bucket);
}

function answeredCode(name: string, status: number, call: StoreCall): ErrorCode {
  if (credentialCodes.has(name) || status === 401) return 'store-credentials-refused';
  if (bucketCodes.has(name) || regionCodes.has(name)) return 'store-bucket-missing';
  if (deniedCodes.has(name)) return 'store-permission-missing';
  if (name === 'NoSuchKey' || (status === 404 && call.right === 's3:GetObject')) return 'object-missing';
  // an answer to HEAD has no body and so no code
  if (status === 403 && (name === '' || /^\d+$|^Unknown/.test(name))) return 'store-permission-missing';
  return 'store-failed';
}

/** The store's error code, or '' for what is none. */
function nameOf(error: unknown): string {
  const isAnswer = statusOf(error) > 0;
  const name = textField(error, 'Code') || textField(error, 'name');
  return isAnswer && /^[A-Za-z0-9]{1,64}$/.test(name) && !['Error', 'SyntaxError', 'TypeError', 'UnknownError', 'Unknown'].includes(name)
    ? name
    : '';
}

function statusOf(error: unknown): number {
  for (const [holder, field] of [
    ['$metadata', 'httpStatusCode'],
    ['$response', 'statusCode'],
  ] as const) {
    const status = fieldOf(fieldOf(error, holder), field);
    if (typeof status === 'number') return status;
  }
  return 0;
}

function textField(value: unknown, field: string): string {
  const found = fieldOf(value, field);
  return typeof found === 'string' ? found : '';
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
}
