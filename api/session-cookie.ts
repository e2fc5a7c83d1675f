import { createHash, randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { findSession, insertSession } from '#db/sessions.ts';
import type { Catalogue } from '#db/tables.ts';
import { findToken } from '#db/tokens.ts';
import type { Peer, SignedIn } from './route.ts';

const TOKEN_BYTES = 32;
const HOUR_MS = 3_600_000;
/** A session ends after so long, used or not. */
const LIFETIME_MS = 7 * 24 * HOUR_MS;
/** … and after so long without use. */
const IDLE_MS = 12 * HOUR_MS;
const USER_AGENT_LENGTH = 300;
/** By which a token is known where it has leaked. */
const TOKEN_PREFIX = 'tidemark_';

export interface OpenedSession {
  readonly expiresAt: Date;
  readonly cookie: string;
}

/** Always a new token, so that one planted before the sign-in is worth nothing. */
export async function openSession(db: Catalogue, userId: string, peer: Peer): Promise<OpenedSession> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const expiresAt = new Date(Date.now() + LIFETIME_MS);
  await insertSession(db, {
    token_hash: hashToken(token),
    user_id: userId,
    expires_at: expiresAt,
    address: peer.address,
    user_agent: peer.userAgent?.slice(0, USER_AGENT_LENGTH) ?? null,
  });
  return { expiresAt, cookie: cookieOf(token, LIFETIME_MS / 1000, peer) };
}

export function closingCookie(peer: Peer): string {
  return cookieOf('', 0, peer);
}

export function createToken(): string {
  return `${TOKEN_PREFIX}${randomBytes(TOKEN_BYTES).toString('base64url')}`;
}

/** By the token that a program sends, else by the session's cookie. Somebody who is only `watching` is not seen: a window left open ends like any other. */
export async function findSignedIn(db: Catalogue, request: Request, as: 'asking' | 'watching' = 'asking'): Promise<SignedIn | undefined> {
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) return findBearer(db, authorization);
  const token = readCookie(cookie, cookieName(request.secure));
  if (token === undefined) return undefined;
  const found = await findSession(db, hashToken(token), { idleSince: idleSince(), isSeen: as === 'asking' });
  return found && { ...found.user, access: { kind: 'session', id: found.session.id, confirmedAt: found.session.confirmed_at } };
}

async function findBearer(db: Catalogue, authorization: string): Promise<SignedIn | undefined> {
  const token = /^Bearer (\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) return undefined;
  const found = await findToken(db, hashToken(token));
  return found && { ...found.user, access: { kind: 'token', id: found.token.id, scope: found.token.scope } };
}

/** A session that was not seen since then is over. */
export function idleSince(): Date {
  return new Date(Date.now() - IDLE_MS);
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
