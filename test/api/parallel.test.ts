import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sshKeyPlace } from '#db/databases.ts';
import { createSshKey } from '#lab/ssh-key.ts';
import { secretKeyPlace, updatePolicy } from '#db/policies.ts';
import { addAttached, addDatabase } from './fixtures.ts';
import { type LiveWorld, startLiveWorld } from './live-world.ts';
import { type SilentHost, startSilentHost } from './silent-host.ts';
import { policyBecomes } from './waiting.ts';
import type { Answer, ApiWorld, Caller } from './world.ts';

/* The real API, Temporal, worker and workflows; a host that answers nothing, so that what has begun goes on. */
const AT_ONCE = 50;
let live: LiveWorld;
let world: ApiWorld;
let caller: Caller;
let silent: SilentHost;
let policyId: string;
let databaseId: string;
beforeAll(async () => {
  [live, silent] = await Promise.all([startLiveWorld(), startSilentHost()]);
  ({ world, caller } = live);
  await live.startWorkers();
  policyId = (await caller.ask('POST', '/policies', { name: 'nightly', store: live.s3.address('backups') })).id;
  await policyBecomes(caller, policyId, 'active');
  databaseId = await addSilentDatabase();
});
afterAll(async () => {
  await silent.stop();
  await live.stop();
});

describe('fifty at once', () => {
  it('attach a database: one does, the others are told that it is busy or attached', async () => {
    const answers = await askAtOnce(`/policies/${policyId}/attachments`, { databaseId });
    const attaching = theOneOf(answers, ['database-busy', 'already-attached']);
    expect(attaching.body).toMatchObject({ kind: 'attach', databaseId, policyId });
    await expectOneTask('attach', attaching.id);
    await vi.waitFor(
      async () =>
        expect(await world.db.selectFrom('attachments').selectAll().where('database_id', '=', databaseId).execute()).toMatchObject([
          { policy_id: policyId },
        ]),
      20_000,
    );
    await expectAudited('attachDatabase', answers);
  });

  it('attach it by five policies of one user: one begins', async () => {
    const store = live.s3.address('backups');
    const policies = await Promise.all(
      Array.from({ length: 5 }, (_, n) => caller.ask('POST', '/policies', { name: `policy ${n}`, store })),
    );
    await Promise.all(policies.map(({ id }) => policyBecomes(caller, id, 'active')));
    databaseId = await addSilentDatabase();
    const answers = await Promise.all(
      policies.flatMap(({ id }) =>
        Array.from({ length: AT_ONCE / 5 }, () => caller.ask('POST', `/policies/${id}/attachments`, { databaseId })),
      ),
    );
    await expectOneTask('attach', theOneOf(answers, ['database-busy', 'already-attached']).id);
  });

  it('back a database up: one does, the others are told that it is busy', async () => {
    const of = await addAttached(world, caller.id);
    ({ databaseId } = of);
    await aimAtSilentHost(databaseId);
    await aimAtStore(of.policyId);
    expect((await caller.ask('POST', `/databases/${databaseId}/backups`)).body).toMatchObject({ code: 'policy-not-ready' });
    await policyBecomes(caller, of.policyId, 'active');
    const answers = await askAtOnce(`/databases/${databaseId}/backups`);
    const begun = theOneOf(answers, ['database-busy']);
    expect(begun.body).toMatchObject({ kind: 'backup', databaseId, policyId: of.policyId });
    await expectOneTask('backup', begun.id);
    await expectAudited('createBackup', answers);
    expect(await world.temporal.workflow.getHandle(`policy-${of.policyId}`).query('status')).toMatchObject({
      busy: { [databaseId]: 'backup' },
      tasks: [begun.id],
    });
  });
});

async function addSilentDatabase(): Promise<string> {
  const id = await addDatabase(world, caller.id);
  await aimAtSilentHost(id);
  return id;
}

async function aimAtSilentHost(id: string): Promise<void> {
  const { publicKey: host_key, privateKey } = await createSshKey();
  const ssh_key_sealed = world.sealer.seal(privateKey, sshKeyPlace(id));
  const change = { host: '127.0.0.1', ssh_port: silent.port, host_key, ssh_key_sealed };
  await world.db.updateTable('databases').set(change).where('id', '=', id).execute();
}

async function aimAtStore(id: string): Promise<void> {
  const { endpoint, caPem, prefix, accessKey: access_key, secretKey } = live.s3.address('backups');
  const secret_key_sealed = world.sealer.seal(secretKey, secretKeyPlace(id));
  await updatePolicy(world.db, id, { endpoint, ca_pem: caPem ?? null, prefix, access_key, secret_key_sealed });
}

function askAtOnce(path: string, body?: unknown): Promise<Answer[]> {
  return Promise.all(Array.from({ length: AT_ONCE }, () => caller.ask('POST', path, body)));
}

/** The one that has begun, where all others were refused with one of the codes. */
function theOneOf(answers: readonly Answer[], codes: readonly string[]): Answer {
  const [begun, ...more] = answers.filter(({ status }) => status === 202);
  const others = answers.filter(({ status }) => status !== 202).map(({ status, body }) => `${status} ${String(body['code'])}`);
  expect([...new Set(others)].filter((other) => !codes.some((code) => other === `409 ${code}`))).toEqual([]);
  expect(more).toEqual([]);
  return begun as Answer;
}

async function expectOneTask(kind: string, id: string): Promise<void> {
  const { body } = await caller.ask('GET', `/tasks?databaseId=${databaseId}&kind=${kind}`);
  expect((body['items'] as { id: string }[]).map((task) => task.id)).toEqual([id]);
}

/** A row tells of each how it ended; of the one that has begun another one, from before. Who was refused at first sight asked for nothing. */
async function expectAudited(action: string, answers: readonly Answer[]): Promise<void> {
  const rows = await world.db.selectFrom('audit_rows').selectAll().where('action', '=', action).orderBy('id').execute();
  for (const { headers, status, body } of answers) {
    const outcomes = rows.filter((row) => row.request_id === headers.get('x-request-id')).map(({ outcome }) => outcome);
    if (status === 202) expect(outcomes).toEqual(['begun', 'done']);
    else if (body['code'] === 'database-busy') expect(outcomes.at(-1)).toBe('refused');
  }
  expect(rows.filter(({ outcome }) => outcome === 'done')).toHaveLength(1);
}
