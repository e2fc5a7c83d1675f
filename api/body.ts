import { isUtf8 } from 'node:buffer';
import type { Request, Response } from 'express';
import express from 'express';
import { InvalidRequestError } from './problems.ts';

const BODY_LIMIT = '256kb';
/** Deeper than any body that a route takes. */
const MAX_DEPTH = 32;

const notUtf8 = new WeakSet<object>();
const parseJson = express.json({
  limit: BODY_LIMIT,
  type: 'application/json',
  // an error thrown here would be answered as 403
  verify: (request, _response, bytes) => void (isUtf8(bytes) || notUtf8.add(request)),
});

/** Leaves the JSON as `request.body`, which stays undefined without one. Throws what `problems.ts` answers as 400, 413 or 415. */
export async function readBody(request: Request, response: Response): Promise<void> {
  // browsers and Node announce an empty body as one of no bytes and no type
  if (request.headers['content-length'] === '0') return;
  if (request.is('application/json') === false || !isCharsetKnown(request)) throw Object.assign(new Error('wrong type'), { status: 415 });
  await new Promise<void>((resolve, reject) => {
    parseJson(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
  });
  if (notUtf8.has(request)) throw refused('must be in UTF-8');
  refuseDeep(request.body);
}

/** The parser would take UTF-7 and others; JSON is UTF-8: https://www.rfc-editor.org/rfc/rfc8259#section-8.1 */
function isCharsetKnown({ headers }: Request): boolean {
  const [, charset] = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers['content-type'] ?? '') ?? [];
  return charset === undefined || /^utf-?8$/i.test(charset);
}

/** Level by level, so that it never goes deeper than it allows. */
function refuseDeep(body: unknown): void {
  let level = [body];
  for (let depth = 1; level.length > 0; depth++) {
    level = level.flatMap(containersIn);
    if (depth >= MAX_DEPTH && level.length > 0) throw refused(`must not be nested deeper than ${MAX_DEPTH} levels`);
  }
}

function containersIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).filter((inner) => typeof inner === 'object' && inner !== null);
}

function refused(message: string): InvalidRequestError {
  return new InvalidRequestError([{ in: 'body', path: '', message }]);
}
