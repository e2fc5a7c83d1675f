import { setTimeout as sleep } from 'node:timers/promises';

/** What every answer of the API may hold; the demo and the tests look at fields by name. */
export type Answer = Readonly<Record<string, unknown>>;

export interface Task {
  readonly id: string;
  readonly kind: string;
  readonly status: 'queued' | 'running' | 'completed' | 'failed' | 'skipped';
  readonly phase: string | null;
  readonly progress: { readonly done: number; readonly total: number; readonly percent: number } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** An answer that is not 2xx, with its problem document. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly body: Answer;

  constructor(request: string, status: number, body: Answer) {
    super(`${request} was answered by ${status}: ${JSON.stringify(body)}`);
    this.status = status;
    this.code = String(body['code']);
    this.body = body;
  }
}

/** A program that uses the REST API, signed in by a session. */
export interface ApiClient {
  get<T = Answer>(path: string): Promise<T>;
  post<T = Answer>(path: string, body?: unknown): Promise<T>;
  patch<T = Answer>(path: string, body: unknown): Promise<T>;
  delete<T = Answer>(path: string): Promise<T>;
  /** Waits until a task has ended; throws with its error unless it completed. */
  waitForTask(taskId: string, onChange?: (task: Task) => void): Promise<Task>;
}

/** Signs in at the API of `baseUrl` ("http://127.0.0.1:8700"). */
export async function signIn(baseUrl: string, email: string, password: string): Promise<ApiClient> {
  const answer = await fetch(`${baseUrl}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  if (!answer.ok) throw new ApiProblem('POST /sessions', answer.status, (await answer.json()) as Answer);
  const cookie = answer.headers
    .getSetCookie()
    .map((entry) => entry.split(';')[0])
    .join('; ');
  const once = <T>(method: string, path: string, body?: unknown): Promise<T> => request<T>(`${baseUrl}/api/v1`, cookie, method, path, body);
  // what destroys wants the password of the last 15 minutes
  const call = <T>(method: string, path: string, body?: unknown): Promise<T> =>
    once<T>(method, path, body).catch(async (error: unknown) => {
      if (!(error instanceof ApiProblem) || error.code !== 'sign-in-not-fresh') throw error;
      await once('POST', '/sessions/current/confirmations', { password });
      return once<T>(method, path, body);
    });
  const client: ApiClient = {
    get: (path) => call('GET', path),
    post: (path, body = {}) => call('POST', path, body),
    patch: (path, body) => call('PATCH', path, body),
    delete: (path) => call('DELETE', path),
    waitForTask: (taskId, onChange) => waitForTask(client, taskId, onChange),
  };
  return client;
}

async function request<T>(base: string, cookie: string, method: string, path: string, body: unknown): Promise<T> {
  const answer = await fetch(`${base}${path}`, {
    method,
    headers: { cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const content = (text === '' ? {} : JSON.parse(text)) as Answer;
  if (!answer.ok) throw new ApiProblem(`${method} ${path}`, answer.status, content);
  return content as T;
}

/** Asks often for who wants to see each change, and else ever less often. */
async function waitForTask(client: ApiClient, taskId: string, onChange?: (task: Task) => void): Promise<Task> {
  const pauseMs = (sinceMs: number): number => (onChange === undefined ? Math.min(Math.max(sinceMs / 20, 100), 1_000) : 200);
  let shown = '';
  for (const begun = Date.now(); ; await sleep(pauseMs(Date.now() - begun))) {
    const task = await client.get<Task>(`/tasks/${taskId}`);
    const state = JSON.stringify([task.status, task.phase, task.progress?.percent]);
    if (state !== shown) onChange?.(task);
    shown = state;
    if (task.status === 'completed') return task;
    if (task.status === 'failed' || task.status === 'skipped') {
      throw new Error(`the task ${task.kind} ended as ${task.status}: ${task.error?.code ?? ''} ${task.error?.message ?? ''}`);
    }
  }
}
