import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNetworkGuard } from '#activities/stores/networks.ts';
import { type ProbeReport, probeStore } from '#activities/stores/probe.ts';
import type { StoreAddress } from '#activities/stores/port.ts';
import { openStore } from '#activities/stores/s3.ts';
import { errorCatalogue } from '#domain/errors.ts';
import { keysOf } from '#test/contracts/store.ts';
import { freePort, type Keys, loopbackGuard, startVersitygw, type Versitygw } from '#test/versitygw.ts';
import { startHostileServer, startSilentServer } from './hostile-server.ts';

const deps = { guard: loopbackGuard };
const bucket = 'probed';
let server: Versitygw;
let user: Keys;

beforeAll(async () => {
  server = await startVersitygw();
  await server.createBucket(bucket);
  user = await server.createUser('prober');
}, 60_000);

afterAll(() => server.stop());

async function probe(over: Partial<StoreAddress> = {}): Promise<ProbeReport> {
  const report = await probeStore(server.address(bucket, over), deps);
  expect(inspect(report, { depth: 10 })).not.toContain('secret-canary');
  expect(report.ok).toBe(report.steps.every(({ ok }) => ok === true));
  expect(report.steps.map(({ name }) => name)).toEqual(['connect', 'list', 'put', 'get', 'multipart', 'delete']);
  for (const { code, hint } of report.steps) expect(hint).toBe(code && errorCatalogue[code].hint);
  return report;
}

/** "name: code" of every step that failed, "name: skipped" of those left out. */
function troubles(report: ProbeReport): string[] {
  return report.steps.filter(({ ok }) => ok !== true).map(({ name, ok, code }) => `${name}: ${ok === 'skipped' ? ok : code}`);
}

async function withoutRights(...denied: string[]): Promise<ProbeReport> {
  await server.grantAllBut(bucket, user, denied);
  return await probe(user);
}

async function keysLeft(): Promise<string[]> {
  const store = openStore(server.address(bucket, { prefix: '' }), deps);
  const keys = await keysOf(store, '');
  for (const key of keys) await store.delete(key);
  store.close();
  return keys;
}

function messageOf(report: ProbeReport, name: string): string | undefined {
  return report.steps.find((step) => step.name === name)?.message;
}

describe('The probe of a good store', () => {
  it('says yes to every step and leaves nothing behind', async () => {
    for (const prefix of ['', 'team/backups']) {
      expect(troubles(await probe({ prefix }))).toEqual([]);
      expect(await keysLeft()).toEqual([]);
    }
  });

  it('is content with the rights on its own prefix', async () => {
    expect(troubles(await withoutRights())).toEqual([]);
    expect(await keysLeft()).toEqual([]);
  });
});

describe('The probe of a store with a right missing', () => {
  it('names List alone', async () => {
    const report = await withoutRights('s3:ListBucket');
    expect(troubles(report)).toEqual(['list: store-permission-missing']);
    expect(messageOf(report, 'list')).toMatch(/"probed".*s3:ListBucket /);
    expect(await keysLeft()).toEqual([]);
  });

  it('names Put for single objects and for parts', async () => {
    const report = await withoutRights('s3:PutObject');
    expect(troubles(report)).toEqual(['put: store-permission-missing', 'get: skipped', 'multipart: store-permission-missing']);
    expect(messageOf(report, 'put')).toContain('s3:PutObject ');
    expect(messageOf(report, 'multipart')).toContain('s3:PutObject ');
    expect(await keysLeft()).toEqual([]);
  });

  it('names Get alone', async () => {
    const report = await withoutRights('s3:GetObject');
    expect(troubles(report)).toEqual(['get: store-permission-missing']);
    expect(messageOf(report, 'get')).toContain('s3:GetObject ');
    expect(await keysLeft()).toEqual([]);
  });

  it('names Delete alone, and what it had to leave', async () => {
    const report = await withoutRights('s3:DeleteObject');
    expect(troubles(report)).toEqual(['delete: store-permission-missing']);
    const left = await keysLeft();
    expect(left).toHaveLength(2);
    expect(messageOf(report, 'delete')).toContain('s3:DeleteObject ');
    for (const key of left) expect(messageOf(report, 'delete')).toContain(key);
  });

  it('names each of several', async () => {
    const report = await withoutRights('s3:PutObject', 's3:DeleteObject');
    expect(troubles(report)).toEqual([
      'put: store-permission-missing',
      'get: skipped',
      'multipart: store-permission-missing',
      'delete: store-permission-missing',
    ]);
    expect(troubles(await withoutRights('s3:PutObject', 's3:GetObject'))).toContain('get: store-permission-missing');
  });

  it('suspects the keys when nothing at all is granted', async () => {
    const stranger = await server.createUser('stranger');
    const report = await probe(stranger);
    expect(report.steps[0]).toMatchObject({ name: 'connect', ok: false, code: 'store-credentials-refused' });
    expect(troubles(report)).toContain('put: store-permission-missing');
  });
});

describe('The probe of a store that cannot be used at all', () => {
  const rest = ['list: skipped', 'put: skipped', 'get: skipped', 'multipart: skipped', 'delete: skipped'];

  it.each<[string, Partial<StoreAddress>]>([
    ['store-credentials-refused', { secretKey: 'wrong-secret-canary' }],
    ['store-credentials-refused', { accessKey: 'nobody' }],
    ['store-bucket-missing', { bucket: 'missing-bucket' }],
    ['store-tls-failed', { caPem: undefined }],
    ['store-tls-failed', { caPem: 'garbage' }],
    ['invalid-request', { endpoint: 'https://store.example' }],
  ])('ends at once with %s for %j', async (code, over) => {
    expect(troubles(await probe(over))).toEqual([`connect: ${code}`, ...rest]);
  });

  it('ends at once when nobody listens', async () => {
    expect(troubles(await probe({ endpoint: `127.0.0.1:${await freePort()}` }))).toEqual(['connect: store-unreachable', ...rest]);
  });

  it('ends at once at an address that is not allowed', async () => {
    const guard = createNetworkGuard({ allowed: [] });
    expect(troubles(await probeStore(server.address(bucket), { guard }))).toEqual(['connect: address-refused', ...rest]);
  });

  it('ends within its time at a server that stays silent', async () => {
    const silent = await startSilentServer();
    const report = await probeStore(server.address(bucket, { endpoint: silent.endpoint }), { ...deps, timeouts: { answerMs: 300 } });
    expect(troubles(report)).toEqual(['connect: store-unreachable', ...rest]);
    await silent.stop();
  });
});

describe('The probe of a store that lies', () => {
  it('finds other bytes than were put', async () => {
    const hostile = await startHostileServer(server.certificates, ({ method, url = '' }, response) => {
      const list = '<?xml version="1.0"?><ListBucketResult></ListBucketResult>';
      response.writeHead(200).end(method === 'GET' ? (url.includes('list-type') ? list : 'other bytes') : '');
    });
    const report = await probe({ endpoint: hostile.endpoint });
    expect(report.steps.find(({ name }) => name === 'get')).toMatchObject({ ok: false, code: 'store-failed' });
    expect(report.steps.find(({ name }) => name === 'multipart')).toMatchObject({ ok: false, code: 'store-failed' });
    await hostile.stop();
  });

  it('removes what it has put also when the keys are withdrawn in between', async () => {
    const hostile = await startHostileServer(server.certificates, ({ method, url = '' }, response) => {
      const isGet = method === 'GET' && !url.includes('list-type');
      const body = isGet
        ? '<Error><Code>InvalidAccessKeyId</Code></Error>'
        : method === 'GET'
          ? '<ListBucketResult></ListBucketResult>'
          : '';
      response.writeHead(isGet ? 403 : 200, { 'content-type': 'application/xml' }).end(body);
    });
    expect(troubles(await probe({ endpoint: hostile.endpoint }))).toEqual([
      'get: store-credentials-refused',
      'multipart: skipped',
      'delete: skipped',
    ]);
    expect(hostile.requests.filter((line) => line.startsWith('DELETE'))).toHaveLength(1);
    await hostile.stop();
  });

  it('aborts a multipart upload that cannot be completed', async () => {
    const hostile = await startHostileServer(server.certificates, ({ method, url = '' }, response) => {
      const started = '<?xml version="1.0"?><InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>';
      if (method === 'POST' && url.includes('uploads')) response.writeHead(200).end(started);
      else if (method === 'POST') response.writeHead(500).end();
      else response.writeHead(method === 'DELETE' ? 204 : 200, { etag: '"e"' }).end();
    });
    const report = await probe({ endpoint: hostile.endpoint });
    expect(troubles(report)).toContain('multipart: store-failed');
    expect(hostile.requests.some((line) => /^DELETE .*uploadId=u1/.test(line))).toBe(true);
    await hostile.stop();
  });
});
