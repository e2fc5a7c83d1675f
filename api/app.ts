import { randomUUID } from 'node:crypto';
import type { Express, NextFunction, Request, Response } from 'express';
import express from 'express';
import type { Logger } from 'pino';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import { createHandler } from './dispatch.ts';
import { createDocsPage } from './docs-page.ts';
import { createPanel } from './panel.ts';
import { problemOf, sendProblem } from './problems.ts';
import { createRateLimit } from './rate-limit.ts';
import type { ApiDeps, Route } from './route.ts';
import { createRoutes } from './routes.ts';

/** The REST API and the panel as an express application; whoever starts it gives it a server. */
export function createApi(deps: ApiDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  // whose X-Forwarded-For and -Proto are believed; nobody's unless the operator names them
  app.set('trust proxy', [...(deps.settings.trustedProxies ?? [])]);
  app.use(prepareAnswer(deps.logger));
  const rateLimit = createRateLimit(deps.settings.requestsPerMinute);
  const routes = createRoutes();
  for (const route of routes) app[route.method](patternOf(route), createHandler(route, deps, rateLimit));
  app.use((request, response, next) => void rateLimit.admit(request, response, undefined).then(() => next(), next));
  app.use(createDocsPage());
  refuseOtherMethods(app, routes);
  if (deps.settings.panelFolder !== undefined) app.use(createPanel(deps.settings.panelFolder));
  app.use((request) => {
    throw new TidemarkError('not-found', `there is no ${request.method} ${request.path}`);
  });
  app.use(createErrorHandler(deps.logger));
  return app;
}

function patternOf({ path }: Route): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** What comes as far as this has a path that is known, and a method that its routes do not have. */
function refuseOtherMethods(app: Express, routes: readonly Route[]): void {
  for (const pattern of new Set(routes.map(patternOf))) {
    const known = routes.filter((route) => patternOf(route) === pattern).map(({ method }) => method.toUpperCase());
    const allow = [...known, ...(known.includes('GET') ? ['HEAD'] : [])].join(', ');
    app.all(pattern, (request, response) => {
      response.setHeader('Allow', allow);
      throw new TidemarkError('method-not-allowed', `${request.path} has no ${request.method}, only ${allow}`);
    });
  }
}

/** https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers: an answer is data, never a page; the panel's page has a policy of its own. */
const securityHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
} as const;

function prepareAnswer(logger: Logger) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const requestId = randomUUID();
    const startedAt = performance.now();
    response.setHeader('X-Request-Id', requestId);
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    if (request.secure) response.setHeader('Strict-Transport-Security', 'max-age=31536000; includeSubDomains');
    response.once('finish', () => {
      // the path without its query; bodies and headers hold secrets and are never logged
      const { method, path, ip: address } = request;
      const { userId, code } = response.locals;
      const ms = Math.round(performance.now() - startedAt);
      logger.info({ requestId, method, path, status: response.statusCode, code, userId, address, ms }, 'answered');
    });
    next();
  };
}

function createErrorHandler(logger: Logger) {
  // express knows an error handler by its four parameters
  return (error: unknown, _request: Request, response: Response, next: NextFunction): void => {
    const problem = problemOf(error, String(response.getHeader('X-Request-Id')));
    response.locals['code'] = problem.code;
    if (problem.status >= 500) {
      const { cause, stack } = error instanceof Error ? error : {};
      logger.error(
        { requestId: problem.requestId, code: problem.code, error: messageOf(error), cause: cause && messageOf(cause), stack },
        'failed',
      );
    }
    if (response.headersSent) next(error);
    else sendProblem(response, problem);
  };
}
