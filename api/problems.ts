import type { Response } from 'express';
import type { ZodError } from 'zod';
import { isCatalogueDown } from '#db/failures.ts';
import type { ErrorCode } from '#domain/errors.ts';
import { errorCatalogue, TidemarkError } from '#domain/errors.ts';

export interface FieldProblem {
  readonly in: 'path' | 'query' | 'header' | 'body';
  /** Dotted, such as `store.bucket`; empty when the whole is meant. */
  readonly path: string;
  readonly message: string;
}

/** RFC 9457, with Tidemark's code and hint. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly hint: string;
  readonly requestId: string;
  readonly errors?: readonly FieldProblem[];
}

/** A request that names what it got wrong. */
export class InvalidRequestError extends TidemarkError {
  readonly fields: readonly FieldProblem[];

  constructor(fields: readonly FieldProblem[]) {
    super('invalid-request', fields.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; '));
    this.fields = fields;
  }
}

export function invalidField(path: string, message: string): InvalidRequestError {
  return new InvalidRequestError([{ in: 'body', path, message }]);
}

/** Nobody reads more, and the answer stays smaller than what was sent. */
export const MAX_PROBLEMS = 100;
const MAX_PATH_LENGTH = 200;

/** Never holds the values themselves: they may be secrets. */
export function fieldProblems(error: ZodError, place: FieldProblem['in']): FieldProblem[] {
  const problems = error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [{ in: place, path: pathOf(issue.path), message: issue.message }];
    return issue.keys.map((key) => ({ in: place, path: pathOf([...issue.path, key]), message: 'is not known here' }));
  });
  return problems.slice(0, MAX_PROBLEMS);
}

/** Dotted, and no longer than a person reads. */
export function pathOf(keys: readonly PropertyKey[]): string {
  const path = keys.map(String).join('.');
  return path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH)}…` : path;
}

const retryAfterSeconds: Partial<Record<ErrorCode, number>> = {
  'temporal-unavailable': 5,
  'catalogue-unavailable': 5,
  'too-many-attempts': 60,
  'request-running': 2,
};

/** What of an error may be shown; the rest is for the log. */
export function problemOf(error: unknown, requestId: string): Problem {
  const { code, message, status } = shownError(error);
  return {
    type: `urn:tidemark:problem:${code}`,
    title: titleOf(code),
    status: status ?? errorCatalogue[code].status,
    detail: message,
    code,
    hint: errorCatalogue[code].hint,
    requestId,
    ...(error instanceof InvalidRequestError ? { errors: error.fields } : {}),
  };
}

export function sendProblem(response: Response, problem: Problem): void {
  const retryAfter = retryAfterSeconds[problem.code];
  if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter);
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

interface ShownError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly status?: number;
}

function shownError(error: unknown): ShownError {
  if (error instanceof TidemarkError) return error;
  if (isCatalogueDown(error)) return { code: 'catalogue-unavailable', message: 'the catalogue does not answer' };
  const status = parserStatus(error);
  if (status !== undefined) return { code: 'invalid-request', status, message: bodyComplaints[status] ?? 'the request cannot be read' };
  return { code: 'internal', message: 'something went wrong inside Tidemark' };
}

/** body-parser's and the router's errors carry the status of what the client did wrong; their messages may quote the body. */
function parserStatus(error: unknown): number | undefined {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

const bodyComplaints: Readonly<Record<number, string>> = {
  400: 'the request is not well-formed: the body must be JSON, and the path properly encoded',
  413: 'the body is larger than 256 kB',
  415: 'the body must be application/json in UTF-8',
};

function titleOf(code: ErrorCode): string {
  const words = code.replaceAll('-', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
