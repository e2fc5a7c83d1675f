import { X509Certificate } from 'node:crypto';
import { TidemarkError } from '#domain/errors.ts';
import type { StoreAddress } from './port.ts';

const endpointForm = /^(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?)(?::(?<port>\d{1,5}))?$/i;
/** Also keeps out ARNs, which the SDK would take for addresses of their own. */
const bucketForm = /^[a-z0-9][a-z0-9._-]{1,253}[a-z0-9]$/i;

/** The URL of a store. Throws the error of the first field that has not the form that the port asks for. */
export function endpointUrl(address: StoreAddress): string {
  const { endpoint, bucket, region } = address;
  const match = endpointForm.exec(endpoint);
  const port = Number(match?.groups?.['port'] ?? 443);
  if (match === null || port < 1 || port > 65_535) {
    throw new TidemarkError('invalid-request', `The endpoint ${shown(endpoint)} has not the form "host" or "host:port".`);
  }
  if (!bucketForm.test(bucket)) throw new TidemarkError('store-bucket-missing', `${shown(bucket)} is not the name of a bucket.`);
  if (!/^[a-z0-9-]{0,64}$/i.test(region)) throw new TidemarkError('invalid-request', `${shown(region)} is not the name of a region.`);
  if (!/^[!-~]+$/.test(address.accessKey) || !/^[!-~]+$/.test(address.secretKey)) {
    throw new TidemarkError(
      'store-credentials-refused',
      `The access key or the secret key for ${shown(endpoint)} is empty or holds blanks.`,
    );
  }
  return `https://${endpoint}`;
}

/**
 * The certificates of a PEM, or undefined for the public authorities. A private authority takes the place of the public
 * ones, as it does in pgBackRest. Checked here because OpenSSL passes over a PEM that it cannot read without a word.
 */
export function trustedCertificates(address: StoreAddress): string[] | undefined {
  if (address.caPem === undefined || address.caPem.trim() === '') return undefined;
  const found = address.caPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0 || !found.every(isCertificate)) {
    throw new TidemarkError('store-tls-failed', `The CA given for ${shown(address.endpoint)} is not a certificate in PEM form.`);
  }
  return found;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** Drops what a URL may carry before its host: a user and a password. */
function shown(value: string): string {
  return JSON.stringify(value.replace(/^.*@/s, '…@').slice(0, 255));
}
