import type { RequestListener } from 'node:http';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVersitygw, type Versitygw } from '#test/versitygw.ts';
import { type Act, failureOf as failureAt, type Over, tryIt as tryAt } from './attempts.ts';
import { type HostileServer, startHostileServer } from './hostile-server.ts';

let server: Versitygw;

beforeAll(async () => {
  server = await startVersitygw();
}, 60_000);

afterAll(() => server.stop());

const failureOf = (act: Act, over: Over) => failureAt(server, act, over);
const tryIt = (act: Act, over: Over) => tryAt(server, act, over);

describe("A stranger's server", () => {
  async function atHostile<T>(answer: RequestListener, work: (hostile: HostileServer) => Promise<T>): Promise<T> {
    const hostile = await startHostileServer(server.certificates, answer);
    return await work(hostile).finally(() => hostile.stop());
  }

  it.each([301, 302, 303, 307, 308])('that redirects with %i is not followed', async (status) => {
    await atHostile(
      () => undefined,
      (victim) =>
        atHostile(
          (_request, response) =>
            response.writeHead(status, { location: `https://${victim.endpoint}/there`, 'x-amz-bucket-region': 'eu-west-1' }).end(),
          async ({ endpoint, requests }) => {
            for (const act of ['list', 'get', 'head', 'put'] as const) {
              const error = await failureOf(act, { endpoint, timeouts: { callMs: 3_000 } });
              expect(error.code).toMatch(/^store-(failed|bucket-missing)$/);
              expect(error.message).not.toContain(victim.endpoint);
            }
            expect(requests.length).toBeGreaterThan(0);
            expect(victim.requests).toEqual([]);
          },
        ),
    );
  });

  it.each([200, 403, 404, 500])('that answers %i with a page of HTML does not get a word of it into the message', async (status) => {
    const page = `<html><title>intranet-canary</title>${'<p>intranet-canary</p>'.repeat(1_000)}</html>`;
    await atHostile(
      (_request, response) => response.writeHead(status, { 'content-type': 'text/html' }).end(page),
      async ({ endpoint }) => {
        for (const act of ['list', 'put', 'get'] as const) {
          const error = await tryIt(act, { endpoint });
          expect(inspect(error instanceof Error ? error : null, { depth: 10 })).not.toContain('intranet-canary');
        }
      },
    );
  });

  it('that cuts the connection while a body is sent is asked again without one, and its refusal is the reason', async () => {
    const denied = '<Error><Code>AccessDenied</Code></Error>';
    const begun = '<InitiateMultipartUploadResult><UploadId>begun</UploadId></InitiateMultipartUploadResult>';
    for (const [status, body, code] of [
      [403, denied, 'store-permission-missing'],
      [200, begun, 'store-unreachable'],
    ] as const) {
      const answer: RequestListener = (request, response) => {
        if (request.method === 'PUT') request.socket.destroy();
        else response.writeHead(request.method === 'POST' ? status : 204).end(request.method === 'POST' ? body : '');
      };
      await atHostile(answer, async ({ endpoint, requests }) => {
        for (const act of ['put', 'upload'] as const) {
          expect((await failureOf(act, { endpoint })).code).toBe(code);
          expect(requests.at(-1)).toMatch(code === 'store-unreachable' ? /^DELETE .*uploadId=begun/ : /^POST .*uploads/);
        }
      });
    }
  });

  it('that names its error in markup or with blanks does not get it into the message', async () => {
    const body = '<Error><Code>see intranet-canary.html</Code><Message>intranet-canary</Message></Error>';
    await atHostile(
      (_request, response) => response.writeHead(400, { 'content-type': 'application/xml' }).end(body),
      async ({ endpoint }) => {
        const error = await failureOf('list', { endpoint });
        expect(error.code).toBe('store-failed');
        expect(inspect(error)).not.toContain('intranet-canary');
      },
    );
  });

  it.each([200, 500])('that answers %i and never ends is cut off', async (status) => {
    let sentBytes = 0;
    const endless: RequestListener = (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(65_536))) sentBytes += 65_536;
      };
      response.on('drain', more);
      more();
    };
    await atHostile(endless, async ({ endpoint }) => {
      expect(await failureOf('list', { endpoint, timeouts: { callMs: 10_000 } })).toMatchObject({ code: 'store-failed' });
      expect(sentBytes).toBeLessThan(64 * 1024 * 1024);
    });
  });

  it('that sends a byte now and then ends with the time for the whole call', async () => {
    const drip: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/xml' });
      const timer = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(timer));
    };
    await atHostile(drip, async ({ endpoint }) => {
      for (const act of ['list', 'get'] as const) {
        const startedAt = performance.now();
        const error = await failureOf(act, { endpoint, timeouts: { callMs: 600 } });
        expect(error.code).toBe('store-unreachable');
        expect(performance.now() - startedAt).toBeLessThan(3_000);
      }
    });
  });

  it('that asks to come again in an hour does not keep us for an hour', async () => {
    const slowDown = '<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>';
    await atHostile(
      (_request, response) => response.writeHead(503, { 'retry-after': '3600' }).end(slowDown),
      async ({ endpoint }) => {
        const startedAt = performance.now();
        const error = await failureOf('list', { endpoint, timeouts: { callMs: 1_000 } });
        expect(error.code).toMatch(/^store-(failed|unreachable)$/);
        expect(performance.now() - startedAt).toBeLessThan(3_000);
      },
    );
  });

  it('that says "more" without end, or lists what was not asked for, is not believed', async () => {
    const entry = '<Contents><Key>team/backups/a</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>';
    const foreign = entry.replace('team/backups/a', 'other/a');
    const same = `<NextContinuationToken>t</NextContinuationToken><IsTruncated>true</IsTruncated>${entry}`;
    for (const inner of [same, `<IsTruncated>true</IsTruncated>${entry}`, foreign]) {
      const page = `<?xml version="1.0"?><ListBucketResult>${inner}</ListBucketResult>`;
      await atHostile(
        (_request, response) => response.writeHead(200, { 'content-type': 'application/xml' }).end(page),
        async ({ endpoint }) => {
          expect(await failureOf('list', { endpoint })).toMatchObject({ code: 'store-failed' });
        },
      );
    }
  });
});
