import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { TidemarkError } from '#domain/errors.ts';

/**
 * Google Tink's streaming encryption AES256_GCM_HKDF_1MB, in both directions. Its wire format is
 * https://developers.google.com/tink/wire-format and https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming:
 *
 * header = 40, salt[32], noncePrefix[7]; the segment's key = HKDF-SHA256(key, salt, info = associated data, 32 bytes);
 * nonce = noncePrefix, number of the segment as uint32, 1 for the last segment and else 0. A ciphertext segment is 1 MiB with
 * its tag of 16 bytes, the first one shorter by the header, the last one as long as what is left (at least a tag).
 */
const SEGMENT_BYTES = 1024 * 1024;
const TAG_BYTES = 16;
const SALT_BYTES = 32;
const PREFIX_BYTES = 7;
/** Ciphertext given out at once: whoever gathers parts of another size has little left over. */
const PIECE_BYTES = 64 * 1024;
/** Of a segment that is opened: below `MALLOC_MMAP_THRESHOLD_` (standalone/programs.ts), so that it comes from memory that was used before. */
const OPENED_BYTES = 128 * 1024;
const HEADER_BYTES = 1 + SALT_BYTES + PREFIX_BYTES;
/** 4 bytes number the segments. */
const MAX_SEGMENTS = 2 ** 32;

/** Encrypts a stream under a key of 32 bytes; whoever decrypts must name the same associated data. */
export async function* encrypt(source: AsyncIterable<Buffer>, key: Buffer, associatedData: string): AsyncGenerator<Buffer> {
  const [salt, prefix] = [randomBytes(SALT_BYTES), randomBytes(PREFIX_BYTES)];
  const derived = deriveKey(key, salt, associatedData);
  yield Buffer.concat([Buffer.from([HEADER_BYTES]), salt, prefix]);
  let number = 0;
  for await (const { segment, isLast } of segments(source, SEGMENT_BYTES - TAG_BYTES, HEADER_BYTES)) {
    const cipher = createCipheriv('aes-256-gcm', derived, nonceOf(prefix, number++, isLast), { authTagLength: TAG_BYTES });
    for (let at = 0; at < segment.length; at += PIECE_BYTES) yield cipher.update(segment.subarray(at, at + PIECE_BYTES));
    cipher.final();
    yield cipher.getAuthTag();
  }
}

/** Throws `object-tampered` before a byte of a segment that is not what was written is given out; `name` is told. */
export async function* decrypt(source: AsyncIterable<Buffer>, key: Buffer, associatedData: string, name: string): AsyncGenerator<Buffer> {
  const bytes = segments(source, SEGMENT_BYTES, 0);
  let opened: { readonly derived: Buffer; readonly prefix: Buffer } | undefined;
  let number = 0;
  for await (const { segment, isLast } of bytes) {
    let sealed = segment;
    if (opened === undefined) {
      if (segment[0] !== HEADER_BYTES || segment.length < HEADER_BYTES) throw tampered(name, 'it has no header');
      const prefix = Buffer.from(segment.subarray(1 + SALT_BYTES, HEADER_BYTES));
      opened = { derived: deriveKey(key, segment.subarray(1, 1 + SALT_BYTES), associatedData), prefix };
      sealed = segment.subarray(HEADER_BYTES);
    }
    if (sealed.length < TAG_BYTES) throw tampered(name, 'it is cut off');
    const decipher = createDecipheriv('aes-256-gcm', opened.derived, nonceOf(opened.prefix, number++, isLast), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const body = sealed.subarray(0, -TAG_BYTES);
    const plain: Buffer[] = [];
    for (let at = 0; at < body.length; at += OPENED_BYTES) plain.push(decipher.update(body.subarray(at, at + OPENED_BYTES)));
    try {
      decipher.final();
    } catch {
      throw tampered(name, `its segment ${number - 1} was not written with this key, at this place, or is changed or cut`);
    }
    yield* plain;
  }
}

function deriveKey(key: Buffer, salt: Buffer, associatedData: string): Buffer {
  if (key.length !== 32) throw new Error(`a key has 32 bytes, not ${key.length}`);
  return Buffer.from(hkdfSync('sha256', key, salt, associatedData, 32));
}

function nonceOf(prefix: Buffer, number: number, isLast: boolean): Buffer {
  if (number >= MAX_SEGMENTS) throw new Error('a stream has more segments than can be numbered');
  const nonce = Buffer.alloc(PREFIX_BYTES + 5);
  prefix.copy(nonce);
  nonce.writeUInt32BE(number, PREFIX_BYTES);
  nonce[PREFIX_BYTES + 4] = isLast ? 1 : 0;
  return nonce;
}

function tampered(name: string, what: string): TidemarkError {
  return new TidemarkError('object-tampered', `${name} cannot be decrypted: ${what}`);
}

/**
 * Cuts a stream into segments, the first one shorter by `firstShorter`; there is always a last one, which may be empty only when it is
 * the first. A segment is good until the next one is asked for: they share their memory.
 */
async function* segments(
  source: AsyncIterable<Buffer>,
  sizeBytes: number,
  firstShorter: number,
): AsyncGenerator<{ readonly segment: Buffer; readonly isLast: boolean }> {
  let target = sizeBytes - firstShorter;
  let memory: Buffer = Buffer.alloc(0);
  let heldBytes = 0;
  for await (const chunk of source) {
    let rest = chunk;
    // A full segment is given out only when more follows: until then it may be the last.
    while (heldBytes + rest.length > target) {
      const taken = rest.subarray(0, target - heldBytes);
      rest = rest.subarray(taken.length);
      if (heldBytes > 0) taken.copy(memory, heldBytes);
      yield { segment: heldBytes > 0 ? memory.subarray(0, target) : taken, isLast: false };
      [heldBytes, target] = [0, sizeBytes];
    }
    if (memory.length === 0) memory = Buffer.allocUnsafeSlow(sizeBytes);
    heldBytes += rest.copy(memory, heldBytes);
  }
  yield { segment: memory.subarray(0, heldBytes), isLast: true };
}
