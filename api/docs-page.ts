import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Response } from 'express';
import { Router } from 'express';

const PATH = '/api/v1/docs';

/** What the page loads, from Swagger UI's package. */
const assets = ['swagger-ui.css', 'swagger-ui-bundle.js'] as const;

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Tidemark: REST API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${PATH}/swagger-ui.css">
  </head>
  <body>
    <div id="page"></div>
    <script src="${PATH}/swagger-ui-bundle.js"></script>
    <script src="${PATH}/start.js"></script>
  </body>
</html>
`;

// without validatorUrl it would have the document judged by a server of Swagger's
const start = `SwaggerUIBundle({ url: '/api/v1/openapi.json', dom_id: '#page', deepLinking: true, validatorUrl: null });\n`;

/** Only what this server itself serves is run, shown and asked; pictures stand as data in the style sheet. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The OpenAPI document as a page on which it can be read and tried, with the session that the browser has. */
export function createDocsPage(): Router {
  const router = Router();
  const root = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
  router.get(PATH, (_request, response) => answer(response).type('html').send(page));
  router.get(`${PATH}/start.js`, (_request, response) => answer(response).type('js').send(start));
  for (const name of assets) {
    router.get(`${PATH}/${name}`, (_request, response) => answer(response).sendFile(name, { root, cacheControl: false }));
  }
  return router;
}

/** Nothing of it is secret, but all of it changes with the version. */
function answer(response: Response): Response {
  return response.set({ 'Content-Security-Policy': contentSecurityPolicy, 'Cache-Control': 'public, max-age=600' });
}
