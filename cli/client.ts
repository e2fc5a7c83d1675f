import type { ErrorCode } from '#domain/errors.ts';
import type { List } from './answers.ts';
import { CommandError } from './failures.ts';

/** The API gives no more at once. */
const PAGE_SIZE = 500;
const ANSWER_MS = 60_000;

export interface Client {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token: string;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The path is below /api/v1. Throws CommandError: `failed` for what the API refuses, `unreachable` where no API answers. */
export async function ask<T>(
  client: Client,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  { query, body, headers }: { query?: Query; body?: unknown; headers?: Readonly<Record<string, string>> } = {},
): Promise<T> {
  const response = await send(client, method, `/api/v1${path}${queryText(query)}`, { body, headers });
  const answer = await readJson(client, response);
  if (!response.ok) throw refusalOf(client, response.status, answer);
  return answer as T;
}

/** All pages as one list, or its first items: then `nextCursor` tells that there are more. */
export async function askForAll<T>(client: Client, path: string, query: Query, limit = Infinity): Promise<List<T>> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const more: Query = { limit: Math.min(limit - items.length, PAGE_SIZE), cursor: cursor ?? undefined };
    const page: List<T> = await ask(client, 'GET', path, { query: { ...query, ...more } });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < limit);
  return { items, nextCursor: cursor };
}

async function send(
  { url, token }: Client,
  method: string,
  path: string,
  { body, headers: more }: { body: unknown; headers: Readonly<Record<string, string>> | undefined },
): Promise<Response> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const headers = { ...more, authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  try {
    // a redirect is not followed: the token is for this address alone
    return await fetch(`${url}${path}`, { method, headers, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS), ...json });
  } catch (error) {
    const { code } = innermost(error) as NodeJS.ErrnoException;
    throw unreachable(url, reasonOf(error), { cause: error, isUncertain: code === undefined || !unsent.has(code) });
  }
}

/** Of a connection that never came about, over which nothing can have been asked. */
const unsent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

async function readJson({ url }: Client, response: Response): Promise<unknown> {
  const kind = response.headers.get('content-type') ?? '';
  if (!/^application\/(problem\+)?json\b/.test(kind)) throw unreachable(url, `it answers ${response.status}, and not as Tidemark does`);
  try {
    return await response.json();
  } catch (error) {
    throw unreachable(url, reasonOf(error), { cause: error });
  }
}

function queryText(query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]]));
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

function unreachable(url: string, reason: string, more: { cause?: unknown; isUncertain?: boolean } = {}): CommandError {
  const hint =
    'Check the address (TIDEMARK_URL, or that of `tidemark login`), and that the API runs. For a certificate of a private authority set NODE_EXTRA_CA_CERTS to its PEM file.';
  return new CommandError('unreachable', `Tidemark cannot be reached at ${url}: ${reason}`, {
    hint,
    isPassing: true,
    isUncertain: true,
    ...more,
  });
}

/** fetch says only "fetch failed"; what happened is its cause. */
function reasonOf(error: unknown): string {
  return innermost(error).message;
}

function innermost(error: unknown): Error {
  const { cause } = error as Error;
  const found = cause instanceof Error ? cause : (error as Error);
  return found instanceof AggregateError ? (found.errors[0] as Error) : found;
}

interface Problem {
  readonly detail: string;
  readonly code: ErrorCode;
  readonly hint: string;
}

const passing: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** The codes under which what was asked for may have been done. */
const uncertain: ReadonlySet<ErrorCode> = new Set([
  'temporal-unavailable',
  'catalogue-unavailable',
  'internal',
  'request-running',
  'outcome-unknown',
]);

/** What the API advises to browsers, said for a command line. */
const ownHints: Readonly<Record<string, string>> = {
  'not-signed-in': 'The token is wrong, expired or revoked: give another (`tidemark login`, or TIDEMARK_TOKEN).',
};

function refusalOf({ url }: Client, status: number, answer: unknown): CommandError {
  const { detail, code, hint } = answer as Partial<Problem>;
  if (detail === undefined || code === undefined) return unreachable(url, `it answers ${status}, and not as Tidemark does`);
  const isPassing = passing.has(status) || code === 'request-running';
  return new CommandError('failed', detail, { hint: ownHints[code] ?? hint, isPassing, isUncertain: uncertain.has(code) });
}
