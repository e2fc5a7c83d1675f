import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { TidemarkError } from '#domain/errors.ts';
import type { Vault } from './sealed.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/** Writes a small document and reads it back; in an encrypted generation it is legible, but carries a code that only the key can make. */
export async function writeJson(vault: Vault, key: string, content: object): Promise<void> {
  const text = JSON.stringify(content);
  const sealed = vault.key === undefined ? content : { ...content, mac: macOf(vault.key, key, text) };
  const body = Buffer.from(`${JSON.stringify(sealed, null, 2)}\n`);
  await vault.store.put(key, body);
  if (!(await vault.store.get(key, MAX_BYTES)).equals(body)) {
    throw new TidemarkError('backup-not-proven', `${key} reads back otherwise than it was written`);
  }
}

/** Throws `object-missing`, or `object-tampered` when somebody else wrote it, or wrote it for another place. */
export async function readJson<T>(vault: Vault, key: string): Promise<T> {
  const body = await vault.store.get(key, MAX_BYTES);
  let content: Record<string, unknown>;
  try {
    content = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  } catch {
    throw new TidemarkError('object-tampered', `${key} is not what was written: it is no JSON`);
  }
  if (vault.key !== undefined) {
    const { mac, ...rest } = content;
    const expected = Buffer.from(macOf(vault.key, key, JSON.stringify(rest)));
    const found = Buffer.from(typeof mac === 'string' ? mac : '');
    if (found.length !== expected.length || !timingSafeEqual(found, expected)) {
      throw new TidemarkError('object-tampered', `${key} is not what was written: its code does not fit the policy's key`);
    }
    return rest as T;
  }
  return content as T;
}

/** HMAC-SHA256 over the object's key, a NUL, and the document without its code in JSON's shortest form. */
function macOf(key: Buffer, objectKey: string, text: string): string {
  const macKey = Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), 'tidemark/1/json', 32));
  return createHmac('sha256', macKey).update(`${objectKey}\0${text}`).digest('hex');
}
