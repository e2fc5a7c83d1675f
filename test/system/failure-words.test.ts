import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineName } from '#domain/states.ts';
import { ApiProblem, type Answer, type Task } from '#lab/client.ts';
import { type Lab, primaryOf } from '#lab/lab.ts';
import { createPolicy, createStore, registerPrimary } from '#lab/story.ts';
import { resetPrimary } from '../lab.ts';
import { startTestProduct, type TestProduct } from '../product.ts';

interface Cause {
  readonly what: string;
  readonly code: string;
  /** What a person reads, who has to do something about it. */
  readonly words: RegExp;
  /** The default is all; pgBackRest tries for so long that one attempt of it is shown in test/activities/engines/postgresql.test.ts. */
  readonly on?: readonly EngineName[];
  readonly provoke: (scene: Scene) => Promise<unknown>;
  readonly mend: (scene: Scene) => Promise<unknown>;
}

interface Scene {
  readonly lab: Lab;
  readonly store: Answer;
  /** On the hosts of all three. */
  onHosts(script: (engine: EngineName) => string): Promise<unknown>;
  onStore(script: string): Promise<void>;
}

const accessOf = ({ store }: Scene): [string, string] => [String(store['accessKey']), String(store['bucket'])];

const engines = ['postgresql', 'mariadb', 'mysql'] as const;
const tools = { postgresql: 'pgbackrest', mariadb: 'mariadb-backup', mysql: 'zstd' };

const causes: readonly Cause[] = [
  {
    what: 'credentials refused',
    code: 'store-credentials-refused',
    words: /SignatureDoesNotMatch|does not accept|refused the credentials/,
    provoke: (scene) => scene.lab.s3.changeSecret(accessOf(scene)[0], 'another-secret-of-the-store'),
    mend: (scene) => scene.lab.s3.changeSecret(accessOf(scene)[0], String(scene.store['secretKey'])),
  },
  {
    what: 'permission missing',
    code: 'store-permission-missing',
    words: /AccessDenied|may not/,
    provoke: async (scene) => {
      const [accessKey, bucket] = accessOf(scene);
      await scene.lab.s3.putBucketPolicy(bucket, [
        { effect: 'Allow', accessKey, actions: ['s3:*'] },
        { effect: 'Deny', accessKey, actions: ['s3:PutObject'] },
      ]);
    },
    mend: async (scene) => {
      const [accessKey, bucket] = accessOf(scene);
      await scene.lab.s3.putBucketPolicy(bucket, [{ effect: 'Allow', accessKey, actions: ['s3:*'] }]);
    },
  },
  {
    what: 'bucket missing',
    code: 'store-bucket-missing',
    words: /NoSuchBucket|does not exist/,
    provoke: (scene) => scene.onStore(`mv /srv/s3/data/${accessOf(scene)[1]} /srv/s3/hidden`),
    mend: (scene) => scene.onStore(`mv /srv/s3/hidden /srv/s3/data/${accessOf(scene)[1]}`),
  },
  {
    what: 'tool missing',
    code: 'tool-missing',
    words: /pgbackrest|mariadb-backup|zstd/,
    provoke: (scene) => scene.onHosts((engine) => `mv /usr/bin/${tools[engine]} /root/`),
    mend: (scene) => scene.onHosts((engine) => `mv /root/${tools[engine]} /usr/bin/`),
  },
  {
    what: 'disk full on the host',
    code: 'disk-full',
    words: /No space left on device/,
    provoke: (scene) =>
      scene.onHosts(
        () =>
          `mkdir /srv/small/run; for try in 1 2 3 4 5 6; do
  mv -T /run/tidemark /run/tidemark-aside$try 2>/dev/null || true
  ! ln -sT /srv/small/run /run/tidemark || break # the archiving of logs may be about to make it again
done
test -L /run/tidemark; ! cat /dev/zero > /srv/small/full`,
      ),
    mend: (scene) => scene.onHosts(() => 'rm -rf /run/tidemark /run/tidemark-aside* /srv/small/run /srv/small/full'),
  },
  {
    what: 'server down',
    code: 'server-down',
    words: /does not run/,
    provoke: (scene) => scene.onHosts((engine) => `service ${engine} stop`),
    mend: (scene) => scene.onHosts((engine) => `service ${engine} start`),
  },
  {
    what: 'host key changed',
    code: 'host-key-changed',
    words: /shows the host key SHA256:.* pinned is SHA256:/,
    provoke: (scene) =>
      scene.onHosts(() => `install -d /root/keys; mv /etc/ssh/ssh_host_* /root/keys/; ssh-keygen -A >/dev/null; service ssh restart`),
    mend: (scene) => scene.onHosts(() => `mv /root/keys/* /etc/ssh/; service ssh restart`),
  },
  {
    what: 'login refused',
    code: 'host-login-refused',
    words: /refused the login of dba/,
    provoke: (scene) => scene.onHosts(() => 'mv /home/dba/.ssh/authorized_keys /root/'),
    mend: (scene) => scene.onHosts(() => 'mv /root/authorized_keys /home/dba/.ssh/'),
  },
  {
    what: 'host unreachable',
    code: 'host-unreachable',
    words: /cannot be reached/,
    provoke: (scene) => scene.onHosts(() => 'service ssh stop'),
    mend: (scene) => scene.onHosts(() => 'service ssh start'),
  },
  {
    what: 'S3 unreachable',
    code: 'store-unreachable',
    words: /7070.*cannot be reached/,
    on: ['mariadb', 'mysql'],
    provoke: ({ lab }) => lab.power('s3', 'stop'),
    mend: ({ lab }) => lab.power('s3', 'start'),
  },
];

describe('a failed backup says which of these it was', () => {
  const databases = new Map<EngineName, string>();
  let house: TestProduct;
  let scene: Scene;

  beforeAll(async () => {
    house = await startTestProduct();
    await Promise.all([resetPrimary('mariadb'), resetPrimary('mysql')]);
    const { lab, api } = house;
    const run = async (service: Parameters<Lab['exec']>[0], script: string): Promise<void> => {
      const { exitCode, stderr } = await lab.exec(service, ['sh', '-euc', script]);
      if (exitCode !== 0) throw new Error(`${script}: ${stderr}`);
    };
    const store = await createStore(lab, `failure-words-${Date.now().toString(36)}`);
    scene = {
      lab,
      store,
      onHosts: (script) => Promise.all(engines.map((engine) => run(primaryOf(engine), script(engine)))),
      onStore: (script) => run('s3', script),
    };
    const policyId = await createPolicy(api, 'Daily', store);
    await onAll(async (engine) => {
      const databaseId = await registerPrimary(lab, api, engine, engine);
      databases.set(engine, databaseId);
      await api.waitForTask((await api.post<Task>(`/policies/${policyId}/attachments`, { databaseId })).id);
    });
  });
  afterAll(() => house.stop());

  it.each(causes.map((cause) => [cause.what, cause] as const))('%s', async (_what, { code, words, on = engines, provoke, mend }) => {
    let failed: readonly Task[];
    try {
      await provoke(scene);
      failed = await Promise.all(on.map(backUp));
    } finally {
      await mend(scene);
    }
    for (const { status, error } of failed) {
      expect(status).toBe('failed');
      expect(error?.code, error?.message).toBe(code);
      expect(error?.message).toMatch(words);
      expect(error).toMatchObject({ hint: expect.stringMatching(/\w/) as string });
    }
    expect(JSON.stringify(failed)).not.toContain(String(scene.store['secretKey']));
  });

  it('of which nothing is left when it is mended: the next backup is complete', async () => {
    expect((await onAll(backUp)).map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
  });

  function onAll<T>(act: (engine: EngineName) => Promise<T>): Promise<T[]> {
    return Promise.all(engines.map(act));
  }

  /** Ended, whatever came of it; the archiving of logs may be about to notice the same and take a full. */
  async function backUp(engine: EngineName): Promise<Task> {
    for (;;) {
      try {
        const { id } = await house.api.post<Task>(`/databases/${String(databases.get(engine))}/backups`, { kind: 'full' });
        await house.api.waitForTask(id).catch(() => undefined);
        return await house.api.get<Task>(`/tasks/${id}`);
      } catch (error) {
        if (!(error instanceof ApiProblem) || error.code !== 'database-busy') throw error;
      }
    }
  }
});
