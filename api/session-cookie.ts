import { createHash, randomBytes } from 'node:crypto';
import type { Request } from 'express';
import type { Catalogue } from '#db/tables.ts';
import { findSessionUser, insertSession } from '#db/users.ts';
import type { Peer, SignedIn } from './route.ts';

const TOKEN_BYTES = 32;
const HOUR_MS = 3_600_000;
/** A session ends after so long, used or not. */
const LIFETIME_MS = 7 * 24 * HOUR_MS;
/** … and after so long without use. */
const IDLE_MS = 12 * HOUR_MS;

export interface OpenedSession {
  readonly expiresAt: Date;
  readonly cookie: string;
}

/** Always a new token, so that one planted before the sign-in is worth nothing. */
export async function openSession(db: Catalogue, userId: string, peer: Peer): Promise<OpenedSession> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const expiresAt = new Date(Date.now() + LIFETIME_MS);
  await insertSession(db, { token_hash: hashToken(token), user_id: userId, expires_at: expiresAt });
  return { expiresAt, cookie: cookieOf(token, LIFETIME_MS / 1000, peer) };
}

export function closingCookie(peer: Peer): string {
  return cookieOf('', 0, peer);
}

export async function findSignedIn(db: Catalogue, request: Request): Promise<SignedIn | undefined> {
  const token = readCookie(request.headers.cookie, cookieName(request.secure));
  if (token === undefined) return undefined;
  const sessionHash = hashToken(token);
  const user = await findSessionUser(db, sessionHash, new Date(Date.now() - IDLE_MS));
  return user === undefined ? undefined : { ...user, sessionHash };
}

/** Only the hash is kept, so that a copy of the catalogue opens no session. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** With the `__Host-` prefix a browser refuses the cookie from a sister domain or without TLS. */
function cookieName(isTls: boolean): string {
  return isTls ? '__Host-tidemark_session' : 'tidemark_session';
}

function cookieOf(token: string, maxAgeSeconds: number, peer: Peer): string {
  const secure = peer.isTls ? '; Secure' : '';
  return `${cookieName(peer.isTls)}=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}${secure}`;
}

function readCookie(header: string | undefined, name: string): string | undefined {
  const pair = header
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}=`));
  const value = pair?.slice(name.length + 1);
  return value === '' ? undefined : value;
}
