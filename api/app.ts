import { randomUUID } from 'node:crypto';
import type { Express, NextFunction, Request, Response } from 'express';
import express from 'express';
import type { Logger } from 'pino';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import { createHandler } from './dispatch.ts';
import { problemOf, sendProblem } from './problems.ts';
import type { ApiDeps } from './route.ts';
import { createRoutes } from './routes.ts';

/** The REST API as an express application; whoever starts it gives it a server. */
export function createApi(deps: ApiDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(prepareAnswer(deps.logger));
  for (const route of createRoutes()) {
    app[route.method](route.path.replaceAll(/\{(\w+)\}/g, ':$1'), createHandler(route, deps));
  }
  app.use((request) => {
    throw new TidemarkError('not-found', `there is no ${request.method} ${request.path}`);
  });
  app.use(createErrorHandler(deps.logger));
  return app;
}

function prepareAnswer(logger: Logger) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const requestId = randomUUID();
    const startedAt = performance.now();
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    response.once('finish', () => {
      // the path without its query; bodies and headers hold secrets and are never logged
      const { method, path } = request;
      logger.info({ requestId, method, path, status: response.statusCode, ms: Math.round(performance.now() - startedAt) }, 'answered');
    });
    next();
  };
}

function createErrorHandler(logger: Logger) {
  // express knows an error handler by its four parameters
  return (error: unknown, _request: Request, response: Response, next: NextFunction): void => {
    const problem = problemOf(error, String(response.getHeader('X-Request-Id')));
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
