import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);

/** https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt: 128 MiB and about 0.3 s per try. */
const current = { logN: 17, r: 8, p: 1 };
const HASH_BYTES = 32;

/** `$scrypt$ln=17,r=8,p=1$<salt>$<hash>`, both base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await deriveHash(password, salt, current);
  return `$scrypt$ln=${current.logN},r=${current.r},p=${current.p}$${salt.toString('base64')}$${hash.toString('base64')}`;
}

/** Without a stored hash it takes the same time and says no, so that an unknown user cannot be told from a known one. */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const { cost, salt, hash } = parseHash(stored) ?? { cost: current, salt: Buffer.alloc(16), hash: undefined };
  const derived = await deriveHash(password, salt, cost);
  return hash !== undefined && timingSafeEqual(derived, hash);
}

type Cost = typeof current;

function deriveHash(password: string, salt: Buffer, { logN, r, p }: Cost): Promise<Buffer> {
  const N = 2 ** logN;
  return derive(password.normalize('NFKC'), salt, HASH_BYTES, { N, r, p, maxmem: 256 * N * r });
}

function parseHash(stored: string | undefined): { cost: Cost; salt: Buffer; hash: Buffer } | undefined {
  const parts = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(stored ?? '');
  if (parts === null) return undefined;
  const [, logN, r, p, salt = '', hash = ''] = parts;
  return { cost: { logN: Number(logN), r: Number(r), p: Number(p) }, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
}
