import { TidemarkError } from '#domain/errors.ts';
import type { TokenScope } from '#domain/states.ts';
import type { Route, SignedIn } from './route.ts';

/** How long after the password was given a session may destroy. */
const FRESH_MS = 15 * 60_000;

/** Throws `not-allowed` or `sign-in-not-fresh` when what somebody has signed in with does not suffice for a route. */
export function requireRights(route: Route, user: SignedIn): void {
  if (route.auth === 'admin' && user.role !== 'admin') throw new TidemarkError('not-allowed', 'only admins may do this');
  if (user.access.kind === 'token') requireScope(route, user.access.scope);
  if (needsFresh(route)) requireFresh(user);
}

/** For what may destroy depending on what is asked for. */
export function requireFresh({ access }: SignedIn): void {
  if (access.kind === 'session') {
    if (Date.now() - access.confirmedAt.getTime() > FRESH_MS)
      throw new TidemarkError('sign-in-not-fresh', 'the password was given more than 15 minutes ago');
  } else if (access.scope !== 'full') throw new TidemarkError('not-allowed', 'this needs a token of scope full');
}

function needsFresh({ needs }: Route): boolean {
  return needs === 'fresh' || needs === 'fresh-session';
}

function requireScope(route: Route, scope: TokenScope): void {
  if (route.needs === 'session' || route.needs === 'fresh-session')
    throw new TidemarkError('not-allowed', 'a token may not do this; sign in with the password');
  if (route.method === 'get') return;
  if (scope === 'read') throw new TidemarkError('not-allowed', 'this token may only look; acting needs one of scope operate or full');
}
