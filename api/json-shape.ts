import { InvalidRequestError } from './problems.ts';

/** Deeper than any body that a route takes. */
const MAX_DEPTH = 32;

/** Throws `invalid-request` for a body that is nested deeper than 32 levels, without descending into the rest of it. */
export function requireShallow(body: unknown): void {
  let level = [body];
  for (let depth = 1; level.length > 0; depth++) {
    level = level.flatMap(containersIn);
    if (depth >= MAX_DEPTH && level.length > 0) {
      throw new InvalidRequestError([{ in: 'body', path: '', message: `must not be nested deeper than ${MAX_DEPTH} levels` }]);
    }
  }
}

function containersIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).filter((inner) => typeof inner === 'object' && inner !== null);
}
