import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { BackupOutcome, Engine, EngineContext, RestoreRequest } from '#activities/engines/port.ts';
import { eventually } from '../../contracts/host.ts';
import { openStreamedBench, type StreamedBench } from './streamed-bench.ts';

/** A server that is armed, and what is done to it again and again. */
export interface StreamedStory {
  bench: StreamedBench;
  generation: number;
  context(): EngineContext;
  backUp(kind?: 'full' | 'incremental', parentLabel?: string, backupId?: string): Promise<BackupOutcome>;
  requestFor(chainLabels: readonly string[], target?: Date): RestoreRequest;
  restore(request: RestoreRequest, recover?: () => Promise<void>): Promise<void>;
  /** As a worker that dies while the private server runs, and the next one. */
  recoverTwice(request: RestoreRequest): Promise<void>;
  /** A whole second with nothing committed near it. */
  quietSecond(): Promise<Date>;
}

/** Arms the engine's server before the tests of a suite, and looks after each of them whether anything of ours is left on it. */
export function useStory(engine: Engine, dropped: readonly string[] = []): StreamedStory {
  const story: StreamedStory = {
    bench: undefined as unknown as StreamedBench,
    generation: 1,
    context: () => story.bench.context(story.generation),
    backUp: (kind = 'full', parentLabel, backupId = randomUUID()) => engine.backUp(story.context(), { backupId, kind, parentLabel }),
    requestFor: (chainLabels, target) => ({
      restoreId: randomUUID(),
      label: chainLabels.at(-1) ?? '',
      chainLabels,
      target,
      newGeneration: story.generation + 1,
      newKey: story.context().repository.key,
    }),
    async restore(request, recover = () => engine.restore.recover(story.context(), request)) {
      for (const step of ['preflight', 'build'] as const) await engine.restore[step](story.context(), request);
      await recover();
      for (const step of ['swap', 'archiveFormer', 'cleanUp'] as const) await engine.restore[step](story.context(), request);
      story.generation = request.newGeneration;
      await engine.arm(story.context());
    },
    async recoverTwice(request) {
      const death = new AbortController();
      const first = engine.restore.recover({ ...story.context(), signal: death.signal }, request);
      const isServing = async (): Promise<boolean> =>
        (await story.bench.host.run('cat /var/lib/tidemark/*/private/pid 2>/dev/null || true')) !== '';
      const ended = first.then(() => {
        throw new Error('the recovery ended before its server was seen');
      });
      ended.catch(() => undefined);
      await Promise.race([eventually(isServing, 60_000), ended]);
      death.abort(new Error('the worker died'));
      await expect(first).rejects.toThrow('the worker died');
      await engine.restore.recover(story.context(), request);
    },
    async quietSecond() {
      await sleep(1_100);
      const second = new Date(Math.ceil(Date.now() / 1000) * 1000);
      await sleep(second.getTime() - Date.now() + 1_100);
      return second;
    },
  };
  beforeAll(async () => {
    story.bench = await openStreamedBench(engine);
    await engine.prepare(story.context());
    await engine.arm(story.context());
  });
  afterAll(async () => {
    await engine.disarm(story.context());
    for (const name of dropped) await story.bench.sql(`drop database if exists ${quoted(name)}`);
    await story.bench.close();
  });
  afterEach(async () => {
    expect(await story.bench.host.run('ls -d /var/lib/*tidemark-* /run/tidemark* /var/lib/mysql-files/tidemark* 2>/dev/null || true')).toBe(
      '',
    );
  });
  return story;
}

export const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
