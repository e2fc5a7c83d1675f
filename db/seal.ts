import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { messageOf, TidemarkError } from '#domain/errors.ts';

/** Where a sealed value lives: it opens nowhere else. */
export interface SealedPlace {
  readonly table: string;
  readonly row: string;
  readonly column: string;
}

export interface Sealer {
  seal(plain: Buffer | string, place: SealedPlace): Buffer;
  /** Whether the value was sealed with this master key. */
  hasSealed(sealed: Buffer): boolean;
  /** Throws `sealed-value-broken`. */
  open(sealed: Buffer, place: SealedPlace): Buffer;
  /** 32 bytes, the same for the same value; without the master key nobody can try values out on them. */
  fingerprint(value: string): Buffer;
}

const FORMAT = 1;
const HEADER_BYTES = 1 + 4 + 12;
const TAG_BYTES = 16;

/**
 * Seals with AES-256-GCM. Layout: format (1 byte), key id (4), nonce (12), ciphertext, tag (16); the header
 * and the place are associated data. The key id is derived from the master key, so that a rotation can tell
 * which key opens a value.
 */
export function createSealer(masterKey: Buffer): Sealer {
  if (masterKey.length !== 32) throw new TidemarkError('sealed-value-broken', `the master key has ${masterKey.length} bytes instead of 32`);
  const keyId = derive(masterKey, 'tidemark key id', 4);
  const key = derive(masterKey, 'tidemark sealing', 32);
  const fingerprintKey = derive(masterKey, 'tidemark fingerprints', 32);
  return {
    seal(plain, place) {
      const header = Buffer.concat([Buffer.of(FORMAT), keyId, randomBytes(12)]);
      const cipher = createCipheriv('aes-256-gcm', key, header.subarray(5), { authTagLength: TAG_BYTES });
      cipher.setAAD(associatedData(header, place));
      return Buffer.concat([header, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    fingerprint: (value) => createHmac('sha256', fingerprintKey).update(value).digest(),
    hasSealed: (sealed) => sealed.subarray(1, 5).equals(keyId),
    open(sealed, place) {
      const header = sealed.subarray(0, HEADER_BYTES);
      if (sealed.length < HEADER_BYTES + TAG_BYTES || header[0] !== FORMAT) throw broken(place, 'it is not in format 1');
      if (!header.subarray(1, 5).equals(keyId))
        throw broken(place, `it was sealed with another master key (${header.toString('hex', 1, 5)})`);
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, header.subarray(5), { authTagLength: TAG_BYTES });
        decipher.setAAD(associatedData(header, place));
        decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
        return Buffer.concat([decipher.update(sealed.subarray(HEADER_BYTES, -TAG_BYTES)), decipher.final()]);
      } catch (error) {
        throw broken(place, messageOf(error), error);
      }
    },
  };
}

function derive(masterKey: Buffer, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), info, bytes));
}

function associatedData(header: Buffer, place: SealedPlace): Buffer {
  return Buffer.concat([header, Buffer.from(JSON.stringify([place.table, place.row, place.column]))]);
}

function broken(place: SealedPlace, why: string, cause?: unknown): TidemarkError {
  return new TidemarkError('sealed-value-broken', `the sealed ${place.column} of ${place.table} ${place.row} does not open: ${why}`, {
    cause,
  });
}
