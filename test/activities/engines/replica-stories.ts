import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupOutcome, BackupRequest, Engine, EngineContext, HostContext, RestoreRequest } from '#activities/engines/port.ts';
import type { Host } from '#activities/hosts/port.ts';
import { connectHost } from '#activities/hosts/ssh.ts';
import type { EngineName } from '#domain/states.ts';
import { replicaOf } from '#lab/lab.ts';
import type { EngineBench } from '../../contracts/engine.ts';
import { labHost, openTestLab } from '../../lab.ts';
import { waitFor } from '../../product.ts';
import { renewReplica } from '../../replicas.ts';

/** What is done on the replica's machine, by root. */
interface Words {
  readonly stopApplying: string;
  readonly goOn: string;
  readonly stopReceiving: string;
  readonly promote: string;
  readonly refusals: { readonly alone: RegExp; readonly left: RegExp };
}

const sql = (client: string, text: string): string => `${client} -e "${text}"`;
const psql = (text: string): string => `cd / && runuser -u postgres -- psql -qXAt -c "${text}"`;

const wordsOf: Readonly<Record<EngineName, Words>> = {
  postgresql: {
    stopApplying: psql('select pg_wal_replay_pause()'),
    goOn: psql('select pg_wal_replay_resume()'),
    stopReceiving: `${psql("alter system set primary_conninfo = ''")}; ${psql('select pg_reload_conf()')}; sleep 2`,
    promote: psql('select pg_promote()'),
    refusals: {
      alone: /does not stream from its primary/,
      left: /does not stream from its primary|on timeline/,
    },
  },
  mariadb: {
    stopApplying: sql('mariadb', 'stop slave; change master to master_delay = 600; start slave'),
    goOn: sql('mariadb', 'stop slave; change master to master_delay = 0; start slave'),
    stopReceiving: sql('mariadb', 'stop slave io_thread'),
    promote: sql('mariadb', 'stop slave; reset slave all; set global read_only = 0'),
    refusals: {
      alone: /does not follow its primary/,
      left: /does not follow its primary \(error 1236/,
    },
  },
  mysql: {
    stopApplying: sql('mysql', 'stop replica; change replication source to source_delay = 600; start replica'),
    goOn: sql('mysql', 'stop replica; change replication source to source_delay = 0; start replica'),
    stopReceiving: sql('mysql', 'stop replica io_thread'),
    promote: sql('mysql', 'stop replica; reset replica all; set global read_only = 0'),
    refusals: {
      alone: /does not follow its primary/,
      left: /does not follow its primary \(error (1236|13114)/,
    },
  },
};

/** What a replica gives, and when it is not read. In the file of its engine's other tests, which use the same hosts. */
export function describeReplica(open: () => Promise<EngineBench>, engine: Engine): void {
  describe('a replica', () => {
    const words = wordsOf[engine.name];
    const replicaId = randomUUID();
    let bench: EngineBench;
    let host: Host;
    let generation = 1;
    const context = (): EngineContext => bench.context(generation);
    const replica = (): HostContext => ({
      host,
      database: { id: replicaId, name: 'orders-replica', port: context().database.port },
      report: () => undefined,
    });
    const backUp = (kind: 'full' | 'incremental' = 'full', parentLabel?: string, catchUpSeconds = 30): Promise<BackupOutcome> =>
      engine.backUp(context(), { backupId: randomUUID(), kind, parentLabel, replica: { context: replica(), catchUpSeconds } });
    const restore = async (labels: readonly string[], target?: Date): Promise<void> => {
      const request: RestoreRequest = {
        restoreId: randomUUID(),
        label: labels.at(-1) ?? '',
        chainLabels: labels,
        target,
        newGeneration: generation + 1,
        newKey: context().repository.key,
      };
      for (const step of ['preflight', 'build', 'recover', 'swap', 'archiveFormer', 'cleanUp'] as const)
        await engine.restore[step](context(), request);
      generation += 1;
      await engine.arm(context());
    };
    const refused = async (reason: RegExp, catchUpSeconds = 3): Promise<void> =>
      expect(backUp('full', undefined, catchUpSeconds)).rejects.toMatchObject({
        code: expect.stringMatching(/replica-not-usable/) as string,
        message: expect.stringMatching(reason) as string,
      });

    beforeAll(async () => {
      bench = await open();
      host = await connectHost(await labHost(replicaOf(engine.name)));
      await engine.prepare(context());
      await engine.arm(context());
      await renewReplica(await openTestLab(), engine.name);
    });
    afterAll(async () => {
      await renewReplica(await openTestLab(), engine.name);
      await engine.disarm(context());
      await bench.close();
      host.close();
    });

    it('gives a full that holds everything that the primary had, and leaves nothing of ours behind', async () => {
      await bench.insert(1, 2, 3);
      const request: BackupRequest = {
        backupId: randomUUID(),
        kind: 'full',
        parentLabel: undefined,
        replica: { context: replica(), catchUpSeconds: 30 },
      };
      const full = await engine.backUp(context(), request);
      expect(full).toMatchObject({ kind: 'full', sourceId: replicaId, fallbackReason: undefined });
      // as a worker leaves it that dies before it has read that the backup was finished
      if (engine.capabilities.credentialsOnHost) await host.run(`install -d -m 0700 /var/lib/tidemark/${replicaId}`);
      expect(await engine.backUp(context(), request)).toEqual(full);
      const left = () => host.run('ls -d /var/lib/tidemark /run/tidemark* /var/lib/mysql-files/tidemark* 2>/dev/null || true');
      await waitFor('nothing of ours', async () => ((await left()) === '' ? true : undefined));
      await bench.insert(4);
      await restore([full.label]);
      expect(await bench.numbers()).toEqual([1, 2, 3]);
    });

    it('of the line before a restore is not read', async () => {
      await bench.insert(5);
      await sleep(3_000);
      await refused(words.refusals.left);
      await renewReplica(await openTestLab(), engine.name);
    });

    it('gives a chain that is rolled forward with the logs of its primary, to the second', async () => {
      const busy = (async () => {
        for (let number = 100; number < 160; number++) await bench.insert(number);
      })();
      const full = await backUp();
      await busy;
      const incremental = await backUp('incremental', full.label);
      expect(incremental).toMatchObject({ kind: 'incremental', fallbackReason: undefined });
      await bench.insert(200);
      await sleep(1_100);
      const second = new Date(Math.ceil(Date.now() / 1000) * 1000);
      await sleep(second.getTime() - Date.now() + 1_100);
      await bench.insert(201);
      const expected = (await bench.numbers()).filter((number) => number !== 201);
      await engine.flushLogs(context());
      await restore([full.label, incremental.label], second);
      expect(await bench.numbers()).toEqual(expected);
      await renewReplica(await openTestLab(), engine.name);
    });

    it('is not read while it lags, while it is alone, and when it was promoted', async () => {
      await host.run(words.stopApplying);
      await bench.insert(300);
      await refused(/did not catch up with its primary within 3 s/);
      await host.run(words.goOn);
      expect(await backUp()).toMatchObject({ sourceId: replicaId });
      await host.run(words.stopReceiving);
      await refused(words.refusals.alone);
      await renewReplica(await openTestLab(), engine.name);
      await host.run(words.promote);
      await refused(/is not a replica any more/);
    });
  });
}
