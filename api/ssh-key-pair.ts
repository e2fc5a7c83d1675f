import { generateKeyPairSync, randomBytes } from 'node:crypto';

const TYPE = 'ssh-ed25519';
const COMMENT = 'tidemark';
/** Of the private part, which is not encrypted here; of a cipher it would be the cipher's. */
const BLOCK_BYTES = 8;
const LINE_CHARACTERS = 70;

/**
 * A new Ed25519 key pair: the public key as a line of authorized_keys, the private key in OpenSSH's own form, without a passphrase.
 * Node writes Ed25519 keys as PKCS #8 only, which ssh2 does not read.
 * https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
 */
export function createSshKeyPair(): { publicKey: string; privateKey: string } {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const [point, seed] = [Buffer.from(x, 'base64url'), Buffer.from(d, 'base64url')];
  const blob = Buffer.concat([field(TYPE), field(point)]);
  return { publicKey: `${TYPE} ${blob.toString('base64')} ${COMMENT}`, privateKey: armour(privateFile(blob, point, seed)) };
}

function privateFile(blob: Buffer, point: Buffer, seed: Buffer): Buffer {
  // twice the same: where they differ after a decryption, the passphrase was wrong
  const check = randomBytes(4);
  const secret = Buffer.concat([check, check, field(TYPE), field(point), field(Buffer.concat([seed, point])), field(COMMENT)]);
  const padding = Buffer.from(Array.from({ length: -secret.length & (BLOCK_BYTES - 1) }, (_, index) => index + 1));
  const [cipher, derivation, options] = [field('none'), field('none'), field('')];
  const head = [Buffer.from('openssh-key-v1\0'), cipher, derivation, options, number(1)];
  return Buffer.concat([...head, field(blob), field(Buffer.concat([secret, padding]))]);
}

function armour(file: Buffer): string {
  const lines = file.toString('base64').match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

/** A "string" of RFC 4251, 5: its length, then its bytes. */
function field(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([number(bytes.length), bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
