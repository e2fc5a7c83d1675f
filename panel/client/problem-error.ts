import type { components } from './openapi.d.ts';

type Problem = components['schemas']['Problem'];

/** What the API answered instead of what was asked for; `offline` when it did not answer at all. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  readonly code: Problem['code'] | 'offline';
  /** What failed, with which value. */
  readonly detail: string;
  /** What the reader can do. */
  readonly hint: string;
  readonly errors: NonNullable<Problem['errors']>;
  readonly requestId: string | undefined;

  constructor(problem: Pick<ProblemError, 'code' | 'status' | 'detail' | 'hint'> & Partial<Pick<Problem, 'errors' | 'requestId'>>) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.hint = problem.hint;
    this.errors = problem.errors ?? [];
    this.requestId = problem.requestId;
  }
}

export function problemErrorOf(error: unknown, response?: Response): ProblemError {
  if (error instanceof ProblemError) return error;
  if (isProblem(error)) return new ProblemError(error);
  if (response !== undefined) {
    const hint = 'Try again. If it stays like this, look into the log of the API.';
    return new ProblemError({
      code: 'internal',
      status: response.status,
      detail: `Tidemark answered with status ${response.status}`,
      hint,
    });
  }
  const hint = 'Check that it runs and that this machine has a network. What was asked for last may have been done all the same.';
  return new ProblemError({ code: 'offline', status: 0, detail: 'Tidemark does not answer', hint });
}

/** False where the same may be answered otherwise in a moment: no answer, too many requests, an error of Tidemark's own. */
export function isRefusal({ status }: Pick<ProblemError, 'status'>): boolean {
  return status >= 400 && status < 500 && status !== 401 && status !== 429;
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value && 'hint' in value;
}
