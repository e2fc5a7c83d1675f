import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeManifest } from '#activities/engines/manifest.ts';
import type { EngineContext } from '#activities/engines/port.ts';
import { archivePlace, installConfig } from '#activities/engines/postgresql/repository.ts';
import { openStore } from '#activities/stores/s3.ts';
import { writeVolumes } from '#activities/streams/sealed.ts';
import { openPolicyKey, updatePolicy, getPolicy } from '#db/policies.ts';
import { runCommand } from '#standalone/commands.ts';
import { ensureTink } from '#test/tink.ts';
import { loopbackGuard, startVersitygw } from '#test/versitygw.ts';
import { addAttached, addPolicy, canaries } from './fixtures.ts';
import { type Answer, type ApiWorld, type Caller, startApiWorld } from './world.ts';

interface Kit {
  readonly encrypted: boolean;
  readonly policyKey: string | null;
  readonly store: object;
  readonly databases: readonly {
    readonly id: string;
    readonly generations: readonly {
      readonly number: number;
      readonly encrypted: boolean;
      readonly pgbackrest: { readonly passphrase: string | null; readonly configuration: readonly string[] } | null;
    }[];
    readonly howTo: readonly { readonly text: string; readonly commands: readonly string[] }[];
  }[];
}

let world: ApiWorld;
let owner: Caller;
beforeAll(async () => {
  world = await startApiWorld();
  owner = await world.addCaller();
});
afterAll(() => world.stop());

async function askKit(policyId: string): Promise<Kit> {
  const answer = await owner.ask('POST', `/policies/${policyId}/recovery-kits`);
  expect(answer.status, answer.text).toBe(201);
  return answer.body as unknown as Kit;
}

async function keyOf(policyId: string): Promise<Buffer> {
  return openPolicyKey(world.sealer, await getPolicy(world.db, policyId));
}

describe('a recovery kit', () => {
  it("holds the policy's key and where everything lies, and neither the bucket's secret key nor a host's", async () => {
    const { policyId, databaseId } = await addAttached(world, owner.id, { generations: 2 });
    await updatePolicy(world.db, policyId, { name: 'Täglich; "prod"\u2028/..' });
    const answer = await owner.ask('POST', `/policies/${policyId}/recovery-kits`);
    expect(answer.body).toMatchObject({
      format: 1,
      policy: { id: policyId, name: 'Täglich; "prod"\u2028/..' },
      store: { endpoint: 's3.example.com', region: 'us-east-1', bucket: 'backups', prefix: 'team', caPem: null },
      encrypted: true,
      policyKey: (await keyOf(policyId)).toString('hex'),
      databases: [
        {
          id: databaseId,
          engine: 'postgresql',
          version: '17.6',
          host: 'db.example.com',
          generations: [
            { number: 1, encrypted: true, until: expect.any(String) },
            { number: 2, encrypted: true, until: null, pgbackrest: { stanza: 'db', path: `/team/${databaseId}/g2/pgbackrest` } },
          ],
        },
      ],
    });
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="tidemark-recovery-kit-ta-glich-prod.json"');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.text).not.toContain(canaries.secretKey);
    expect(answer.text).not.toContain(canaries.sshKey);
    expect(answer.text).not.toContain('AKIAEXAMPLE');
  });

  it('is in the audit log before it is given, and its key nowhere else', async () => {
    const { policyId } = await addAttached(world, owner.id);
    const heardBefore = world.heard.length;
    const kit = await askKit(policyId);
    const rows = await world.db.selectFrom('audit_rows').selectAll().where('subject', '=', `policy:${policyId}`).orderBy('id').execute();
    expect(rows.map(({ action, outcome, actor_id }) => [action, outcome, actor_id])).toEqual([
      ['createRecoveryKit', 'begun', owner.id],
      ['createRecoveryKit', 'done', owner.id],
    ]);
    const secrets = [kit.policyKey ?? '', kit.databases[0]?.generations[0]?.pgbackrest?.passphrase ?? ''];
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(40);
      expect(JSON.stringify(rows)).not.toContain(secret);
      expect(world.heard.slice(heardBefore).filter((text) => text.includes(secret))).toHaveLength(1);
      expect((await owner.ask('GET', `/policies/${policyId}`)).text).not.toContain(secret);
    }
  });

  it('is audited each time, also when the same request is sent again, and not kept for that', async () => {
    const { policyId } = await addAttached(world, owner.id);
    const again = { 'idempotency-key': randomUUID() };
    for (let time = 1; time <= 2; time++) {
      expect((await owner.ask('POST', `/policies/${policyId}/recovery-kits`, undefined, again)).status).toBe(201);
      const rows = await world.db.selectFrom('audit_rows').select('id').where('subject', '=', `policy:${policyId}`).execute();
      expect(rows).toHaveLength(2 * time);
    }
    expect(await world.db.selectFrom('idempotency_keys').selectAll().execute()).toEqual([]);
  });

  it('is not given when it cannot be audited', async () => {
    const { policyId } = await addAttached(world, owner.id);
    await world.db.schema.alterTable('audit_rows').renameTo('audit_rows_away').execute();
    const answer = await owner.ask('POST', `/policies/${policyId}/recovery-kits`);
    await world.db.schema.alterTable('audit_rows_away').renameTo('audit_rows').execute();
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain((await keyOf(policyId)).toString('hex'));
  });

  it('has no key where nothing is encrypted, and has it for what was encrypted once', async () => {
    const policyId = await addPolicy(world, owner.id);
    await updatePolicy(world.db, policyId, { encryption_enabled: false });
    expect(await askKit(policyId)).toMatchObject({ encrypted: false, policyKey: null, databases: [] });
    await addAttached(world, owner.id, { policyId });
    const kit = await askKit(policyId);
    expect(kit).toMatchObject({ encrypted: true, policyKey: (await keyOf(policyId)).toString('hex') });
    await world.db.updateTable('generations').set({ encrypted: false }).where('policy_id', '=', policyId).execute();
    const plain = await askKit(policyId);
    expect(plain).toMatchObject({
      encrypted: false,
      policyKey: null,
      databases: [{ generations: [{ pgbackrest: { passphrase: null } }] }],
    });
    expect(JSON.stringify(plain)).not.toContain('cipher');
  });

  it('is also given of a deleted policy, whose backups may have been kept', async () => {
    const { policyId } = await addAttached(world, owner.id);
    await updatePolicy(world.db, policyId, { deleted_at: new Date() });
    expect((await askKit(policyId)).databases).toHaveLength(1);
  });

  it('configures pgBackRest as the worker does, with the passphrase that docs/format.md derives', async () => {
    const { policyId, databaseId } = await addAttached(world, owner.id, { generations: 2 });
    await updatePolicy(world.db, policyId, { endpoint: 's3.example.com:9000', ca_pem: 'a certificate' });
    const key = await keyOf(policyId);
    const [, second] = (await askKit(policyId)).databases[0]?.generations ?? [];
    const info = `tidemark/1/pgbackrest/${databaseId}/g2`;
    expect(second?.pgbackrest?.passphrase).toBe(Buffer.from(hkdfSync('sha256', key, '', info, 32)).toString('base64'));
    const written = new Set(
      workersConfiguration(databaseId, key)
        .replace('the-access', '<access key>')
        .replace('the-secret', '<secret key>')
        .replace(`/var/lib/tidemark/${databaseId}/ca.pem`, '/etc/pgbackrest-ca.pem')
        .split('\n'),
    );
    const unknown = second?.pgbackrest?.configuration.filter((line) => !written.has(line));
    expect(unknown).toEqual(['pg1-path=<an empty data directory>']);
    expect(second?.pgbackrest?.configuration.length).toBeGreaterThan(12);
  });
});

/** What the worker writes on a host for the second generation. */
function workersConfiguration(databaseId: string, key: Buffer): string {
  const address = {
    endpoint: 's3.example.com:9000',
    region: 'us-east-1',
    bucket: 'backups',
    prefix: 'team',
    accessKey: 'the-access',
    secretKey: 'the-secret',
    caPem: 'a certificate',
  };
  const context = { database: { id: databaseId }, repository: { address, generation: 2, key } } as unknown as EngineContext;
  const server = { owner: 'postgres', group: 'postgres', port: 5432, socketDirectory: '/run' } as Parameters<typeof installConfig>[1];
  const script = installConfig(context, server, archivePlace(databaseId, 2, '/data'));
  return [...script.matchAll(/<<'TIDEMARK'\n(.*)\nTIDEMARK/g)].map(([, text = '']) => Buffer.from(text, 'base64').toString()).join('\n');
}

describe.each([
  ['encrypted once and plain now', [true, false]],
  ['plain once and encrypted now', [false, true]],
  ['always plain', [false]],
])('the commands of a kit, with nothing but the bucket of a database that was %s', (_, encryptions) => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-kit-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('list the backups of each generation, fetch one, open it and unpack it', async () => {
    const s3 = await startVersitygw();
    try {
      await s3.createBucket('backups');
      const address = s3.address('backups', { prefix: 'the=team/of' });
      const { policyId, databaseId } = await addAttached(world, owner.id, { generations: encryptions.length });
      const { endpoint, bucket, prefix, caPem = null } = address;
      await updatePolicy(world.db, policyId, { endpoint, bucket, prefix, ca_pem: caPem, encryption_enabled: encryptions.at(-1) === true });
      await world.db.updateTable('databases').set({ engine: 'mysql' }).where('id', '=', databaseId).execute();
      const key = await keyOf(policyId);
      const generations = [...encryptions.entries()].map(([index, encrypted]) => ({ number: index + 1, encrypted }));
      for (const { number, encrypted } of generations) {
        const rows = world.db.updateTable('generations').set({ encrypted }).where('database_id', '=', databaseId);
        await rows.where('number', '=', number).execute();
      }

      const answer = await owner.ask('POST', `/policies/${policyId}/recovery-kits`);
      for (const { number, encrypted } of generations) {
        const content = randomBytes(3_000_000);
        const work = join(folder, String(number));
        const away = join(work, 'away');
        await mkdir(away, { recursive: true });
        const place = { address, databaseId, generation: number, key: encrypted ? key : undefined, folder: work };
        const stored = await storeBackups(place, content);
        const shown = await runKit(answer, address, { away, generation: number, backupId: stored[0]?.[0] ?? '' });
        expect(shown.trim().split('\n').toSorted()).toEqual(stored.map((row) => JSON.stringify(row)).toSorted());
        expect((await readFile(join(away, 'full/table.ibd'))).equals(content)).toBe(true);
      }
    } finally {
      await s3.stop();
    }
  });
});

/** As somebody does who has the kit, decrypt.py and the keys of the bucket. Returns what is shown. */
async function runKit(
  answer: Answer,
  { accessKey, secretKey }: Place['address'],
  { away, generation, backupId }: { readonly away: string; readonly generation: number; readonly backupId: string },
): Promise<string> {
  const [, kitFile = ''] = /filename="(.*)"/.exec(answer.headers.get('content-disposition') ?? '') ?? [];
  await writeFile(join(away, kitFile), answer.text);
  await copyFile(new URL('../../docs/decrypt.py', import.meta.url), join(away, 'decrypt.py'));
  const [database] = (answer.body as unknown as Kit).databases;
  const commands = database?.howTo.slice(0, 3).flatMap((step) => step.commands) ?? [];
  const script = commands
    .join('\n')
    .replace(/^generation=\d$/m, `generation=${generation}`)
    // pages of two, so that the list has several
    .replace('list-type=2&', 'list-type=2&max-keys=2&')
    .replace('<access key>', accessKey)
    .replace('<secret key>', secretKey)
    .replace('<backupId>', backupId);
  const [, ...python] = (await ensureTink('python')).interpreter;
  return runCommand('env', [...python.slice(0, 1), 'bash', '-euc', script], { cwd: away });
}

interface Place {
  readonly address: ReturnType<Awaited<ReturnType<typeof startVersitygw>>['address']>;
  readonly databaseId: string;
  readonly generation: number;
  readonly key: Buffer | undefined;
  readonly folder: string;
}

/** Id, kind, parent and time, as the commands show them. */
type Shown = readonly [string, 'full' | 'incremental', string | null, string];

/** As the worker lays down a full of MySQL, in two volumes, and four incrementals, which are binary logs only. */
async function storeBackups({ address, databaseId, generation, key, folder }: Place, content: Buffer): Promise<Shown[]> {
  const backupId = randomUUID();
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data/table.ibd'), content);
  await runCommand('sh', ['-euc', 'tar -c -C data table.ibd | zstd -q > stream'], { cwd: folder });
  const stream = await readFile(join(folder, 'stream'));
  const store = openStore(address, { guard: loopbackGuard });
  async function* source(): AsyncGenerator<Buffer> {
    yield stream;
  }
  const context = { database: { id: databaseId }, repository: { store, address, generation, key } } as unknown as EngineContext;
  const volumes = await writeVolumes({ store, key }, `${databaseId}/g${generation}/backups/${backupId}/data`, source(), {
    volumeBytes: 2_000_000,
  });
  expect(volumes.length).toBe(2);
  const outcome = {
    kind: 'full' as const,
    label: backupId,
    parentLabel: undefined,
    fallbackReason: undefined,
    sourceId: databaseId,
    serverVersion: '8.4.6',
    consistentAt: new Date('2026-11-22T21:50:11Z'),
    firstLog: 1,
    lastLog: 1,
    sizeBytes: content.length,
    storedBytes: stream.length,
  };
  await writeManifest(context, backupId, { engine: 'mysql', outcome, data: { volumes } });
  const incrementals = Array.from({ length: 4 }, () => randomUUID());
  for (const label of incrementals) {
    const more = { kind: 'incremental' as const, label, parentLabel: backupId };
    await writeManifest(context, label, { engine: 'mysql', outcome: { ...outcome, ...more }, data: { volumes: [] } });
  }
  store.close();
  const at = outcome.consistentAt.toISOString();
  return [[backupId, 'full', null, at], ...incrementals.map((label): Shown => [label, 'incremental', backupId, at])];
}
