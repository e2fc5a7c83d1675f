import type { Request, RequestHandler, Response } from 'express';
import type { output, ZodType } from 'zod';
import { insertAuditRow } from '#db/audit.ts';
import type { Catalogue } from '#db/tables.ts';
import { TidemarkError } from '#domain/errors.ts';
import type { AuditOutcome } from '#domain/states.ts';
import { readBody } from './body.ts';
import { sendEvents, type Subscribe } from './event-stream.ts';
import { answerOnce, type Answer, type Failed } from './idempotency.ts';
import { fieldProblems, InvalidRequestError } from './problems.ts';
import type { FieldProblem } from './problems.ts';
import type { RateLimit } from './rate-limit.ts';
import { type ApiDeps, type Call, isDoneOnce, type Peer, type Route, type SignedIn } from './route.ts';
import { etagOf, readExpectedRevision } from './revisions.ts';
import { requireRights } from './rights.ts';
import { refuseForeignOrigin } from './same-origin.ts';
import { findSignedIn } from './session-cookie.ts';
import { findUnstorable } from './texts.ts';

/** Who asks, then whether they may, then what they ask, then the route's handler. */
export function createHandler(route: Route, deps: ApiDeps, rateLimit: RateLimit): RequestHandler {
  return async (request, response) => {
    if (route.method !== 'get') refuseForeignOrigin(request.headers);
    const user = route.auth === 'none' ? undefined : await findSignedIn(deps.db, request);
    // for the log, whatever comes of it
    response.locals['userId'] = user?.id;
    // what looks whether this server lives is not counted
    if (route.path.startsWith('/api/')) await rateLimit.admit(request, response, user?.id);
    authorize(route, user);
    if (route.body !== undefined) await readBody(request, response);
    const { call, tellOutcome, judge } = audited(route, createCall(route, deps, request, response, user));
    const act = async (): Promise<unknown> => {
      const result = await route.handle(call).catch(async (error: unknown) => {
        const outcome = judge(error);
        // what went wrong first is what is told
        if (outcome !== 'not-begun') await tellOutcome(outcome, error).catch(() => undefined);
        throw error;
      });
      await tellOutcome('done');
      return result;
    };
    const { status, schema, events } = route.answer;
    if (events !== undefined) return sendEvents(response, events, (await act()) as Subscribe, () => isStillSignedIn(deps, request, user));
    const answer = async (): Promise<Answer> => {
      const result = await act();
      return schema === undefined ? { status } : { status, body: schema.parse(result) };
    };
    send(response, isDoneOnce(route) && user !== undefined ? await answerOnce(deps, request, user, answer, judge) : await answer());
  };
}

function send(response: Response, { status, body }: Answer): void {
  response.status(status);
  if (body === undefined) return void response.end();
  if (typeof body === 'object' && body !== null && 'revision' in body) response.setHeader('ETag', etagOf(Number(body.revision)));
  response.json(body);
}

/** As the same, with the same rights. */
async function isStillSignedIn(deps: ApiDeps, request: Request, user: SignedIn | undefined): Promise<boolean> {
  const now = await findSignedIn(deps.db, request, 'watching');
  return now?.id === user?.id && now?.role === user?.role;
}

function authorize(route: Route, user: SignedIn | undefined): void {
  if (route.auth === 'none') return;
  if (user === undefined) throw new TidemarkError('not-signed-in', 'there is no valid session or token');
  requireRights(route, user);
}

function createCall(route: Route, deps: ApiDeps, request: Request, response: Response, user: SignedIn | undefined): Omit<Call, 'audit'> {
  const problems: FieldProblem[] = [];
  const params = validate(route.params, request.params, 'path', problems);
  const query = validate(route.query, request.query, 'query', problems);
  // no body at all is an empty one, so that only what is really needed is missed
  const body = validate(route.body, request.body ?? {}, 'body', problems);
  if (problems.length > 0) throw new InvalidRequestError(problems);
  const peer = peerOf(request, response);
  return {
    deps,
    user,
    params,
    query,
    body,
    expectedRevision: route.method === 'patch' ? readExpectedRevision(request.headers['if-match']) : undefined,
    peer,
    requestId: String(response.getHeader('X-Request-Id')),
  };
}

/** What was begun may have taken effect all the same. */
function isUncertain(error: unknown): boolean {
  return !(error instanceof TidemarkError) || uncertain.has(error.code);
}

const uncertain: ReadonlySet<string> = new Set(['temporal-unavailable', 'catalogue-unavailable', 'internal']);

/** Gives a call its `audit`, and what tells how that went which was audited. */
function audited(
  route: Route,
  call: Omit<Call, 'audit'>,
): { call: Call; tellOutcome(outcome: AuditOutcome, error?: unknown): Promise<void>; judge(error: unknown): Failed } {
  const { deps, user, peer, requestId } = call;
  let begun: { readonly actor_id: string | null; readonly subject: string } | undefined;
  const insert = (db: Catalogue, outcome: AuditOutcome, details: object, who: NonNullable<typeof begun>): Promise<void> =>
    insertAuditRow(db, {
      ...who,
      action: route.operationId,
      outcome,
      details: JSON.stringify(details),
      remote_address: peer.address,
      request_id: requestId,
    });
  return {
    call: {
      ...call,
      async audit(subject, details = {}, db = deps.db, actorId = user?.id) {
        begun = { actor_id: actorId ?? null, subject };
        await insert(db, 'begun', details, begun);
      },
    },
    judge: (error) => (begun === undefined ? 'not-begun' : isUncertain(error) ? 'unknown' : 'refused'),
    async tellOutcome(outcome, error) {
      if (begun === undefined) return;
      const details = outcome === 'done' ? {} : { code: error instanceof TidemarkError ? error.code : 'internal' };
      await insert(deps.db, outcome, details, begun);
    },
  };
}

function validate<S extends ZodType>(
  schema: S | undefined,
  value: unknown,
  place: FieldProblem['in'],
  problems: FieldProblem[],
): output<S> | undefined {
  const result = schema?.safeParse(value);
  if (schema !== undefined) problems.push(...findUnstorable(value, place));
  if (result?.success === false) problems.push(...fieldProblems(result.error, place));
  return result?.data;
}

function peerOf(request: Request, response: Response): Peer {
  return {
    address: request.ip ?? 'unknown',
    userAgent: request.headers['user-agent'],
    isTls: request.secure,
    setCookie: (cookie) => void response.append('Set-Cookie', cookie),
    saveAs: (fileName) => void response.setHeader('Content-Disposition', `attachment; filename="${fileName}"`),
  };
}
