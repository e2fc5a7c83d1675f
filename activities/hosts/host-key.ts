import { createHash } from 'node:crypto';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { TidemarkError } from '#domain/errors.ts';

export interface HostKey {
  readonly type: string;
  readonly blob: Buffer;
}

/** Reads "ssh-ed25519 AAAA… comment", as in known_hosts without its first column. */
export function parseHostKey(text: string): HostKey {
  const [type = '', base64 = ''] = text.trim().split(/\s+/);
  const blob = Buffer.from(base64, 'base64');
  if (type === '' || keyType(blob) !== type) {
    throw new TidemarkError('invalid-request', 'the host key is not an SSH public key such as "ssh-ed25519 AAAA…"');
  }
  return { type, blob };
}

export function formatHostKey(blob: Buffer): string {
  return `${keyType(blob)} ${blob.toString('base64')}`;
}

/** As `ssh-keygen -lf` prints it: "SHA256:" and the digest in base64 without padding. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** Only the pinned key's own type: otherwise sshd may show another of its keys, which looks like a changed one. */
export function algorithmsFor(key: HostKey): ServerHostKeyAlgorithm[] {
  return key.type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [key.type as ServerHostKeyAlgorithm];
}

/** The first field of a public key's wire format is its type (RFC 4253, 6.6). */
function keyType(blob: Buffer): string {
  if (blob.length < 4) return '';
  const length = blob.readUInt32BE(0);
  return length > 64 || blob.length <= 4 + length ? '' : blob.toString('latin1', 4, 4 + length);
}
