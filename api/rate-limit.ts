import type { Request, Response } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { TidemarkError } from '#domain/errors.ts';

const WINDOW_MS = 60_000;

/** How many requests a user may send a minute, or an address from which nobody is signed in. In memory: several API processes count apart. */
export interface RateLimit {
  /** Counts a request, and tells by the RateLimit headers how many are left. Throws `too-many-requests`. */
  admit(request: Request, response: Response, userId: string | undefined): Promise<void>;
}

export function createRateLimit(requestsPerMinute: number): RateLimit {
  const limit = rateLimit({
    windowMs: WINDOW_MS,
    limit: requestsPerMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (_request, response) => String(response.locals['countedAs']),
    handler: (_request, _response, next) =>
      next(new TidemarkError('too-many-requests', `there were more than ${requestsPerMinute} requests within a minute`)),
    // express's own setting says which proxies are believed; that others send the header is no mistake of ours
    validate: { xForwardedForHeader: false, forwardedHeader: false },
  });
  return {
    admit: (request, response, userId) =>
      new Promise((resolve, reject) => {
        response.locals['countedAs'] = userId ?? ipKeyGenerator(request.ip ?? 'unknown');
        void limit(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
      }),
  };
}
