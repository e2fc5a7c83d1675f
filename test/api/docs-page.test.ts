import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, startApiWorld } from './world.ts';

let world: ApiWorld;
beforeAll(async () => {
  world = await startApiWorld();
});
afterAll(() => world.stop());

async function get(path: string): Promise<{ status: number; type: string; headers: Headers; text: string }> {
  const response = await fetch(`${world.url}${path}`);
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, headers: response.headers, text: await response.text() };
}

/** What the page names, by src and href. */
async function named(): Promise<string[]> {
  const { text } = await get('/api/v1/docs');
  return [...text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address = '']) => address);
}

const types = { css: 'text/css', js: 'text/javascript' } as const;

describe('the page of the API', () => {
  it('is there for everybody, and all that it loads', async () => {
    expect(await get('/api/v1/docs')).toMatchObject({ status: 200, type: expect.stringMatching(/^text\/html/) });
    const own = (await named()).filter((address) => address !== 'data:,');
    expect(own).toHaveLength(3);
    for (const address of own) {
      const type = types[address.split('.').at(-1) as keyof typeof types];
      expect(await get(address), address).toMatchObject({ status: 200, type: expect.stringContaining(type) });
    }
    expect((await get('/api/v1/docs/start.js')).text).toContain('/api/v1/openapi.json');
  });

  it('loads nothing from another host', async () => {
    for (const address of await named()) expect(address).toMatch(/^(\/api\/v1\/docs\/|data:,$)/);
    const { text } = await get('/api/v1/docs/swagger-ui.css');
    const loaded = [...text.matchAll(/(?:url\(|@import)\s*["']?([^"')\s]{0,40})/g)].map(([, address = '']) => address);
    expect(loaded.length).toBeGreaterThan(10);
    for (const address of loaded) expect(address).toMatch(/^data:image\//);
    // else the page would send the document to a server of Swagger's
    expect((await get('/api/v1/docs/start.js')).text).toContain('validatorUrl: null');
  });

  it('may run, show and ask only what this server serves, and nothing that stands in the page itself', async () => {
    for (const path of ['/api/v1/docs', ...(await named()).filter((address) => address !== 'data:,')]) {
      const { headers } = await get(path);
      const policy = Object.fromEntries(
        (headers.get('content-security-policy') ?? '').split('; ').map((directive) => {
          const [name = '', ...sources] = directive.split(' ');
          return [name, sources.join(' ')];
        }),
      );
      expect(policy, path).toEqual({
        'default-src': "'none'",
        'script-src': "'self'",
        'style-src': "'self'",
        'img-src': "'self' data:",
        'connect-src': "'self'",
        'frame-ancestors': "'none'",
        'base-uri': "'none'",
        'form-action': "'none'",
      });
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    }
    expect((await get('/api/v1/docs')).text).not.toMatch(/<script>|<style|\son\w+=/);
  });

  it('gives nothing else of the package, nor of the folders around it', async () => {
    for (const name of ['package.json', 'index.html', '..%2fzod%2fpackage.json', '../../../../package.json'])
      expect((await get(`/api/v1/docs/${name}`)).status, name).toBe(404);
  });
});
