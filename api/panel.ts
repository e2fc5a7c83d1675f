import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { RequestHandler, Response } from 'express';
import express from 'express';
import serveCompressed from 'express-static-gzip';

/** Where `vite build` wants the nonce of a page: panel/vite.config.ts. */
const NONCE = '__TIDEMARK_NONCE__';
const NONCE_BYTES = 16;
const YEAR_SECONDS = 31_536_000;

/** The panel's files, and its page at every address that the API does not know: the page's router knows them. */
export function createPanel(folder: string): RequestHandler {
  const router = express.Router();
  const page = readPage(join(folder, 'index.html'));
  if (page !== undefined) router.use('/assets', serveAssets(join(folder, 'assets')));
  router.get('/{*path}', (request, response, next) => {
    if (isOfApi(request.path) || request.accepts(['json', 'html']) !== 'html') return next();
    if (page === undefined) return sayMissing(response);
    sendPage(response, page);
  });
  return router;
}

function readPage(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Their names change with what is in them. What is not there is answered as any other unknown path. */
function serveAssets(folder: string): RequestHandler[] {
  const serve = serveCompressed(folder, {
    enableBrotli: true,
    orderPreference: ['br'],
    index: false,
    serveStatic: { index: false, redirect: false, setHeaders: keepForever },
  });
  return [serve, forgetEncoding];
}

/** What is set already would be kept. */
function keepForever(response: ServerResponse): void {
  response.setHeader('Cache-Control', `public, max-age=${YEAR_SECONDS}, immutable`);
}

/** Of a compressed file that was there when this began. */
const forgetEncoding: RequestHandler = (_request, response, next) => {
  response.removeHeader('Content-Encoding');
  next();
};

function isOfApi(path: string): boolean {
  return /^\/(api|assets)(\/|$)/.test(path) || path === '/healthz' || path === '/readyz';
}

/** Everything comes from here alone; styles that are made at run time carry the page's nonce. */
function sendPage(response: Response, page: string): void {
  const nonce = randomBytes(NONCE_BYTES).toString('base64');
  const policy = {
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': `'self' 'nonce-${nonce}'`,
    'img-src': "'self' data:",
    'font-src': "'self'",
    'connect-src': "'self'",
    'base-uri': "'none'",
    'form-action': "'self'",
    'frame-ancestors': "'none'",
  };
  response.setHeader(
    'Content-Security-Policy',
    Object.entries(policy)
      .map((directive) => directive.join(' '))
      .join('; '),
  );
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.type('html').send(page.replaceAll(NONCE, nonce));
}

function sayMissing(response: Response): void {
  response
    .status(404)
    .type('text')
    .send('The panel has not been built: run `sh setup.sh` and start Tidemark again. The REST API is at /api/v1.\n');
}
