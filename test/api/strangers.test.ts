import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHostileServer } from '#test/activities/stores/hostile-server.ts';
import { readHistories } from '../temporal-histories.ts';
import { type LiveWorld, startLiveWorld } from './live-world.ts';
import { policyBecomes } from './waiting.ts';

/** What a stranger's server says must not come back to who named it. */
const canary = 'intranet-canary';

let live: LiveWorld;
/** At another address, to which only a redirect leads. */
let inside: Server;
let visits = 0;
beforeAll(async () => {
  inside = createServer((socket) => {
    visits += 1;
    socket.end(canary);
  }).listen(0, '127.0.0.3');
  await once(inside, 'listening');
  live = await startLiveWorld();
  await live.startWorkers();
});
afterAll(async () => {
  inside.close();
  await live.stop();
});

describe("A stranger's server in the place of a store", () => {
  const page = (status: number): RequestListener => {
    return (_request, response) => response.writeHead(status, { 'content-type': 'text/html', 'x-amz-request-id': canary }).end(canary);
  };
  const error: RequestListener = (_request, response) =>
    response
      .writeHead(400, { 'content-type': 'application/xml' })
      .end(`<Error><Code>the ${canary}</Code><Message>${canary}</Message></Error>`);
  const redirect = (to: () => string): RequestListener => {
    return (_request, response) => response.writeHead(307, { location: to() }).end(canary);
  };
  const elsewhere = () => `https://127.0.0.3:${(inside.address() as AddressInfo).port}/`;

  it.each<[string, RequestListener]>([
    ['answers 200 with a page', page(200)],
    ['answers 403 with a page', page(403)],
    ['answers 500 with a page', page(500)],
    ['names its error freely', error],
    ['redirects to the metadata of a cloud', redirect(() => `http://169.254.169.254/latest/meta-data/${canary}`)],
    ['redirects to another machine', redirect(elsewhere)],
  ])('that %s is not followed, and no word of it comes back', async (_, listener) => {
    const { world, caller, s3 } = live;
    const hostile = await startHostileServer(s3.certificates, listener);
    const store = s3.address('backups', { endpoint: hostile.endpoint });
    const tested = await caller.ask('POST', '/store-tests', store);
    expect(tested).toMatchObject({ status: 200, body: { ok: false } });
    const policy = await caller.ask('POST', '/policies', { name: hostile.endpoint, store });
    const { lastError } = await policyBecomes(caller, policy.id, 'error');
    expect(lastError).toMatch(/\w/);
    expect(hostile.requests.length).toBeGreaterThan(1);
    await hostile.stop();
    expect(visits).toBe(0);
    for (const text of [...world.heard, await readHistories(live.temporal.address)]) expect(text).not.toContain(canary);
  });
});
