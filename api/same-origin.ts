import type { IncomingHttpHeaders } from 'node:http';
import { TidemarkError } from '#domain/errors.ts';

/**
 * Refuses a change that another site's page asks for. Browsers send Sec-Fetch-Site, older ones Origin; programs send
 * neither. https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export function refuseForeignOrigin(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) {
    if (site !== 'same-origin' && site !== 'none') throw foreign();
    return;
  }
  const { origin, host } = headers;
  if (origin !== undefined && hostOf(origin) !== host?.toLowerCase()) throw foreign();
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function foreign(): TidemarkError {
  return new TidemarkError('not-allowed', "another site's page may not change anything here");
}
