import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { input, output, ZodType } from 'zod';
import type { Sealer } from '#db/seal.ts';
import type { Catalogue } from '#db/tables.ts';
import type { UserRow } from '#db/users.ts';
import type { ErrorCode } from '#domain/errors.ts';
import type { TokenScope } from '#domain/states.ts';
import type { ChangeFeed } from './changes.ts';

export interface ApiDeps {
  readonly db: Catalogue;
  readonly temporal: Client;
  readonly sealer: Sealer;
  readonly logger: Logger;
  readonly changes: ChangeFeed;
  readonly settings: RequestSettings;
}

export interface RequestSettings {
  /** Of one user, or of one address from which nobody is signed in. */
  readonly requestsPerMinute: number;
  /** Addresses and ranges of the proxies in front, whose word on the caller's address and on TLS is taken. */
  readonly trustedProxies?: readonly string[];
  /** How long an update or a start may take until it counts as not answered. */
  readonly temporalTimeoutMs: number;
  /** How long Test Connection may take. */
  readonly probeTimeoutMs: number;
  /** Of the Temporal Web UI, and the namespace to look at there; undefined gives no links. */
  readonly temporalUiUrl?: string | undefined;
  readonly temporalNamespace?: string;
  /** Where the panel's build lies; undefined serves none. */
  readonly panelFolder?: string;
}

/** `none` is open to everybody, `user` to whoever is signed in, `admin` to admins. */
export type Auth = 'none' | 'user' | 'admin';

/**
 * What else a route wants of who calls: `session`, that it is no token; `fresh`, that the password was given within 15 minutes, or
 * a token of scope full; `fresh-session`, both.
 */
export type Needs = 'session' | 'fresh' | 'fresh-session';

/** With what somebody has signed in. */
type Access =
  | { readonly kind: 'session'; readonly id: string; readonly confirmedAt: Date }
  | { readonly kind: 'token'; readonly id: string; readonly scope: TokenScope };

export interface SignedIn extends UserRow {
  readonly access: Access;
}

/** Where a request comes from, and what can be told to it besides the body. */
export interface Peer {
  readonly address: string;
  readonly userAgent: string | undefined;
  readonly isTls: boolean;
  setCookie(cookie: string): void;
  /** Has a browser save the answer as a file of this name, which needs no quoting. */
  saveAs(fileName: string): void;
}

/** One validated request. */
export interface Call<A extends Auth = Auth, P = unknown, Q = unknown, B = unknown> {
  readonly deps: ApiDeps;
  readonly user: A extends 'none' ? undefined : SignedIn;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Of an edit, by `If-Match`; undefined when any will do. */
  readonly expectedRevision: number | undefined;
  readonly peer: Peer;
  readonly requestId: string;
  /** Records a privileged act; called before its effect. `details` hold no secret. */
  audit(subject: string, details?: Record<string, unknown>, db?: Catalogue, actorId?: string): Promise<void>;
}

/** A call of somebody who is signed in, whatever it asks for. */
export type UserCall = Call<'user'>;

export type Method = 'get' | 'post' | 'patch' | 'delete';

/**
 * One row of the table. `answer.schema` decides what leaves: fields that it does not name are dropped.
 * Without `body`, what is sent as a body is not read.
 */
export interface Route<
  A extends Auth = Auth,
  P extends ZodType = ZodType,
  Q extends ZodType = ZodType,
  B extends ZodType = ZodType,
  R extends ZodType = ZodType,
> {
  readonly method: Method;
  /** With parameters as `{id}`. */
  readonly path: `/${string}`;
  readonly operationId: string;
  readonly summary: string;
  readonly auth: A;
  readonly needs?: Needs;
  /** Done and audited anew whenever it comes, also under the `Idempotency-Key` of an earlier request; its answer is not kept. */
  readonly everyTime?: true;
  /** How it may refuse, beside what its shape tells: see openapi-problems.ts. */
  readonly problems?: readonly ErrorCode[];
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: {
    readonly status: number;
    readonly description: string;
    readonly schema?: R;
    /** Of the data of server-sent events; `handle` then returns a `Subscribe`. */
    readonly events?: ZodType;
  };
  // a method, so that routes of all shapes fit into one table
  handle(call: Call<A, output<P>, output<Q>, output<B>>): Promise<input<R>>;
}

export function defineRoute<A extends Auth, P extends ZodType, Q extends ZodType, B extends ZodType, R extends ZodType>(
  route: Route<A, P, Q, B, R>,
): Route {
  return route;
}

/** Whether requests of it that come again under their `Idempotency-Key` are answered as the first was. */
export function isDoneOnce({ method, auth, everyTime }: Route): boolean {
  return method === 'post' && auth !== 'none' && everyTime !== true;
}
