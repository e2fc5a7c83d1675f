import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNetworkGuard } from '#activities/stores/networks.ts';
import { freePort, startVersitygw, type Versitygw } from '#test/versitygw.ts';
import { type Act, failureOf as failureAt, type Over } from './attempts.ts';
import { startHostileServer, startPlainServer, startSilentServer, startSlowServer } from './hostile-server.ts';

const strictGuard = createNetworkGuard({ allowed: [] });
let server: Versitygw;

beforeAll(async () => {
  server = await startVersitygw();
  await server.createBucket('there');
}, 60_000);

afterAll(() => server.stop());

const failureOf = (act: Act, over: Over) => failureAt(server, act, over);

describe('Keys that the store does not accept', () => {
  it('are named as such, without the secret, whichever is wrong', async () => {
    for (const over of [{ secretKey: 'wrong-secret-canary' }, { accessKey: 'nobody', secretKey: 'wrong-secret-canary' }]) {
      for (const act of ['list', 'get', 'head', 'put', 'delete'] as const) {
        const error = await failureOf(act, over);
        expect(error.code).toBe('store-credentials-refused');
        expect(error.message).toContain(`127.0.0.1:${server.port}`);
      }
    }
  });

  it('are refused before any connection when they cannot be sent', async () => {
    expect(await failureOf('list', { secretKey: '' })).toMatchObject({ code: 'store-credentials-refused' });
    expect(await failureOf('list', { accessKey: 'a\r\nb' })).toMatchObject({ code: 'store-credentials-refused' });
  });
});

describe('A bucket', () => {
  it('that is missing is named', async () => {
    for (const act of ['list', 'get', 'put', 'delete'] as const) {
      const error = await failureOf(act, { bucket: 'missing-bucket' });
      expect(error).toMatchObject({ code: 'store-bucket-missing', message: expect.stringContaining('"missing-bucket"') });
    }
  });

  it.each(['', 'ab/../cd', 'arn:aws:s3:us-east-1:1:accesspoint:x', '../admin', 'a?b'])('cannot be called %j', async (bucket) => {
    expect(await failureOf('list', { bucket })).toMatchObject({ code: 'store-bucket-missing' });
  });
});

describe('An endpoint', () => {
  it.each([
    'https://127.0.0.1',
    'user:pass@127.0.0.1',
    '127.0.0.1/path',
    '127.0.0.1?x',
    '127.0.0.1#x',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '::1',
    '127.0.0.1 ',
    '',
    'a\nb',
  ])('of the form %j is refused', async (endpoint) => {
    const error = await failureOf('list', { endpoint });
    expect(error.code).toBe('invalid-request');
    expect(error.message).not.toContain('pass');
  });

  it('that nobody listens at is unreachable', async () => {
    const endpoint = `127.0.0.1:${await freePort()}`;
    expect(await failureOf('list', { endpoint })).toMatchObject({ code: 'store-unreachable', message: expect.stringContaining(endpoint) });
  });

  it('whose name does not exist is unreachable', { timeout: 30_000 }, async () => {
    const error = await failureOf('list', { endpoint: 'store.invalid' });
    expect(error).toMatchObject({ code: 'store-unreachable', message: expect.stringContaining('store.invalid') });
  });

  it('that accepts and stays silent is unreachable, within the timeout', async () => {
    const silent = await startSilentServer();
    const startedAt = performance.now();
    const error = await failureOf('list', { endpoint: silent.endpoint, timeouts: { answerMs: 300 } });
    expect(error.code).toBe('store-unreachable');
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await silent.stop();
  });

  it('that never ends the head of its answer is unreachable, within the timeout', async () => {
    const slow = await startSlowServer(server.certificates);
    const startedAt = performance.now();
    const error = await failureOf('list', { endpoint: slow.endpoint, timeouts: { answerMs: 400, callMs: 4_000 } });
    expect(error.code).toBe('store-unreachable');
    expect(performance.now() - startedAt).toBeLessThan(2_500);
    await slow.stop();
  });

  it.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '0.0.0.0',
    '169.254.169.254',
    '[fd00:ec2::254]',
  ])('at %s is not connected to unless the operator allows it', async (host) => {
    const endpoint = `${host}:${server.port}`;
    expect(await failureOf('list', { endpoint, guard: strictGuard })).toMatchObject({ code: 'address-refused' });
  });

  it('is connected to at the address that was judged, whatever its name means to anybody else', async () => {
    const guard = createNetworkGuard({ allowed: ['127.0.0.0/8'], lookup: async () => [{ address: '127.0.0.1' }] });
    const error = await failureOf('list', { endpoint: `store.example:${server.port}`, guard });
    expect(error).toMatchObject({ code: 'store-tls-failed', message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID') });
  });
});

describe('A certificate', () => {
  it('is asked of every server', async () => {
    const plain = await startPlainServer();
    expect(await failureOf('list', { endpoint: plain.endpoint })).toMatchObject({ code: 'store-tls-failed' });
    await plain.stop();
  });

  it('of an unknown authority is refused', async () => {
    expect(await failureOf('list', { caPem: undefined })).toMatchObject({ code: 'store-tls-failed' });
  });

  it('for another name is refused', async () => {
    const error = await failureOf('list', { endpoint: `localhost:${server.port}` });
    expect(error).toMatchObject({ code: 'store-tls-failed', message: expect.stringContaining('another name') });
  });

  it.each(['garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'of an authority that reads %j is refused',
    async (caPem) => {
      expect(await failureOf('list', { caPem })).toMatchObject({ code: 'store-tls-failed', message: expect.stringContaining('PEM') });
    },
  );
});

describe('A put', () => {
  it('is not believed when another size, or nothing, is found afterwards', async () => {
    for (const [status, headers] of [
      [200, { 'content-length': '7' }],
      [404, {}],
    ] as const) {
      const hostile = await startHostileServer(server.certificates, ({ method }, response) => {
        if (method === 'HEAD') response.writeHead(status, headers).end();
        else response.writeHead(200, { etag: '"e"' }).end();
      });
      expect(await failureOf('put', { endpoint: hostile.endpoint })).toMatchObject({
        code: 'store-failed',
        message: expect.stringContaining('1 bytes'),
      });
      await hostile.stop();
    }
  });
});

describe('An answer of the store', () => {
  const answering =
    (status: number, code: string): RequestListener =>
    (_request, response) => {
      const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>message-canary</Message></Error>`;
      response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
    };

  it.each([
    [503, 'SlowDown', 'store-failed'],
    [500, 'InternalError', 'store-failed'],
    [400, 'AuthorizationHeaderMalformed', 'store-bucket-missing'],
    [301, 'PermanentRedirect', 'store-bucket-missing'],
    [403, 'InvalidAccessKeyId', 'store-credentials-refused'],
    [403, 'SignatureDoesNotMatch', 'store-credentials-refused'],
    [403, 'RequestTimeTooSkewed', 'store-failed'],
    [403, 'AccessDenied', 'store-permission-missing'],
    [404, 'NoSuchBucket', 'store-bucket-missing'],
    [200, 'InternalError', 'store-failed'],
  ])('%i %s becomes %s, with its code and no more', async (status, code, expected) => {
    const hostile = await startHostileServer(server.certificates, answering(status, code));
    const error = await failureOf('list', { endpoint: hostile.endpoint });
    expect(error).toMatchObject({ code: expected, message: expect.stringContaining(code) });
    expect(error.message).not.toContain('message-canary');
    await hostile.stop();
  });

  it('is a failure also when it comes with 200 to a PUT or a DELETE', async () => {
    const hostile = await startHostileServer(server.certificates, answering(200, 'InternalError'));
    for (const act of ['put', 'delete'] as const) {
      expect(await failureOf(act, { endpoint: hostile.endpoint })).toMatchObject({ code: 'store-failed' });
    }
    await hostile.stop();
  });
});
