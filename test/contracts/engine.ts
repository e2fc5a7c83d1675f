import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupOutcome, Engine, EngineContext, RestoreRequest } from '#activities/engines/port.ts';

/** A real server with one table of numbers, and a repository in a real bucket. */
export interface EngineBench {
  readonly engine: Engine;
  context(generation: number): EngineContext;
  /** Commits each number on its own. */
  insert(...numbers: number[]): Promise<void>;
  numbers(): Promise<number[]>;
  /** Closes so many log archives, each with a commit in it. */
  closeLogs(count: number): Promise<void>;
  /** Removes an object of the backup so that it cannot be used any more. */
  spoil(generation: number, label: string): Promise<void>;
  /** Removes the log archive of that number. */
  removeLog(generation: number, sequence: number): Promise<void>;
  /** Leaves on the host what a worker leaves there that dies after the backup was finished, before it has read that; nothing where a stream ends with its link. */
  loseResult(backupId: string): Promise<void>;
  /** Makes what `build` wrote unable to start. */
  breakRestored(): Promise<void>;
  /** Makes the server unable to start, with whatever data; `mend` starts it again. */
  preventStart(): Promise<{ mend(): Promise<void> }>;
  /** Makes a directory of the server's data one that cannot be renamed; `why` is what people are to be told. */
  fixData(): Promise<{ readonly why: string; undo(): Promise<void> }>;
  /** Everything of ours that is on the host: files and processes. */
  leftovers(): Promise<string[]>;
  /** Ends the server and its host's link. */
  close(): Promise<void>;
}

/** What every engine must do on a real server; the tests build on each other, in order. */
export function describeEngine(open: () => Promise<EngineBench>): void {
  let bench: EngineBench;
  let generation = 1;
  const backups: BackupOutcome[] = [];
  const context = (): EngineContext => bench.context(generation);

  beforeAll(async () => {
    bench = await open();
  });
  afterAll(() => bench.close());

  const backUp = async (kind: 'full' | 'incremental', parent?: BackupOutcome, backupId: string = randomUUID()): Promise<BackupOutcome> => {
    const outcome = await bench.engine.backUp(context(), { backupId, kind, parentLabel: parent?.label });
    if (!backups.some((backup) => backup.label === outcome.label)) backups.push(outcome);
    return outcome;
  };

  /** The labels from the full on. */
  const chainOf = (outcome: BackupOutcome): string[] => {
    const parent = backups.find((backup) => backup.label === outcome.parentLabel);
    return [...(parent === undefined ? [] : chainOf(parent)), outcome.label];
  };

  const requestFor = (outcome: BackupOutcome, target?: Date): RestoreRequest => ({
    restoreId: randomUUID(),
    label: outcome.label,
    chainLabels: chainOf(outcome),
    target,
    newGeneration: generation + 1,
    newKey: context().repository.key,
  });

  /** As the workflow does it, from the context's generation or an older one. */
  const restore = async (from: EngineContext, request: RestoreRequest): Promise<void> => {
    const { restore: steps } = bench.engine;
    for (const step of ['preflight', 'build'] as const) await steps[step](from, request);
    const parts: number[] = [];
    await steps.recover({ ...from, report: (done, total) => parts.push(done / total) }, request);
    expect(parts, 'progress goes from 0 to 1, and not back').toEqual(
      parts.toSorted((a, b) => a - b).filter((part) => part >= 0 && part <= 1),
    );
    await steps.swap(from, request);
    await steps.archiveFormer(context(), request);
    await steps.cleanUp(from, request);
    generation = request.newGeneration;
    await bench.engine.arm(context());
  };

  /** A whole second with nothing committed near it. */
  const quietSecond = async (): Promise<Date> => {
    await sleep(1_100);
    const second = new Date(Math.ceil(Date.now() / 1000) * 1000);
    await sleep(second.getTime() - Date.now() + 1_100);
    return second;
  };

  describe('backs up', () => {
    it('prepares the host and turns log archiving on, twice with the same result', async () => {
      for (let times = 0; times < 2; times++) {
        await bench.engine.prepare(context());
        await bench.engine.arm(context());
      }
      const mark = await bench.engine.flushLogs(context());
      expect(mark.coversUntil.getTime()).toBeLessThanOrEqual(Date.now());
    });

    it('takes a full, and finds it again when the same backup is asked for twice', async () => {
      await bench.insert(1, 2);
      const backupId = randomUUID();
      const first = await backUp('full', undefined, backupId);
      expect(first).toMatchObject({ kind: 'full', parentLabel: undefined, fallbackReason: undefined });
      expect(first.storedBytes).toBeGreaterThan(0);
      await bench.loseResult(backupId);
      expect(await bench.engine.backUp(context(), { backupId, kind: 'full', parentLabel: undefined })).toEqual(first);
      expect(await context().host.run('ls -d /run/tidemark/*/backup-* 2>/dev/null || true')).toBe('');
    });

    it('takes incrementals that build on each other', async () => {
      await bench.insert(3);
      const second = await backUp('incremental', backups.at(-1));
      await bench.insert(4);
      const third = await backUp('incremental', second);
      expect([second.kind, third.kind, third.parentLabel]).toEqual(['incremental', 'incremental', second.label]);
      expect(third.storedBytes).toBeLessThan(backups[0]?.storedBytes ?? 0);
    });

    it('takes a full instead of an incremental whose parent is gone from the bucket, and says why', async () => {
      const parent = await backUp('incremental', backups.at(-1));
      await bench.spoil(generation, parent.label);
      const outcome = await bench.engine.backUp(context(), { backupId: randomUUID(), kind: 'incremental', parentLabel: parent.label });
      expect(outcome.kind).toBe('full');
      expect(outcome.fallbackReason).toContain(parent.label);
      backups.splice(backups.indexOf(parent), 1, outcome);
    });
  });

  describe('restores', () => {
    it('brings back exactly one backup, nothing later', async () => {
      const [, , chained] = backups;
      if (chained === undefined) throw new Error('there is no chain');
      await bench.insert(5);
      await restore(context(), requestFor(chained));
      expect(await bench.numbers()).toEqual([1, 2, 3, 4]);
    });

    it('goes on in a new generation', async () => {
      await bench.insert(10);
      const full = await backUp('full');
      const mark = await bench.engine.flushLogs(context());
      const { gaps, pieces } = await bench.engine.checkContinuity(context(), full.firstLog ?? 0, [mark]);
      expect(gaps).toEqual([]);
      expect(pieces.at(-1)?.coversUntil).toEqual(mark.coversUntil);
    });

    it('stops exactly at a second, also at one that only the replaced server had logged, with nothing after it', async () => {
      const base = backups.at(-1);
      if (base === undefined) throw new Error('there is no base');
      const before = context();
      await bench.insert(11);
      const early = await quietSecond();
      await bench.insert(12);
      await bench.closeLogs(40);
      await bench.engine.flushLogs(context());
      await bench.insert(13);
      const late = await quietSecond();
      await restore(before, requestFor(base, early));
      expect(await bench.numbers()).toEqual([1, 2, 3, 4, 10, 11]);
      await bench.insert(99);
      await restore(before, requestFor(base, late));
      expect(await bench.numbers()).toEqual([1, 2, 3, 4, 10, 11, 12, 13]);
    }, 300_000);

    it('refuses a second that the logs do not reach, and leaves the server as it was', async () => {
      const base = await backUp('full');
      await bench.engine.flushLogs(context());
      const request = requestFor(base, new Date(Date.now() + 3_600_000));
      const { restore: steps } = bench.engine;
      const beforeSwap = async (): Promise<void> => {
        for (const step of ['preflight', 'build', 'recover'] as const) await steps[step](context(), request);
      };
      await expect(beforeSwap()).rejects.toMatchObject({ code: 'target-not-reached' });
      await steps.cleanUp(context(), request);
      expect(await bench.numbers()).toEqual([1, 2, 3, 4, 10, 11, 12, 13]);
    });

    it('puts the old data back when the restored data does not start, and keeps both while neither does', async () => {
      const base = backups.at(-1);
      if (base === undefined) throw new Error('there is no base');
      await bench.insert(14);
      const request = requestFor(base);
      const { restore: steps } = bench.engine;
      for (const step of ['preflight', 'build', 'recover'] as const) await steps[step](context(), request);
      const { mend } = await bench.preventStart();
      await expect(steps.swap(context(), request)).rejects.toMatchObject({ code: 'restore-stuck' });
      // of two that do not start each may be the only good one
      await expect(steps.swapBack(context(), request)).rejects.toMatchObject({ code: 'restore-stuck' });
      await mend();
      await bench.breakRestored();
      await expect(steps.swap(context(), request)).rejects.toMatchObject({ code: 'restore-swapped-back' });
      await steps.swapBack(context(), request);
      await steps.cleanUp(context(), request);
      expect(await bench.numbers()).toEqual([1, 2, 3, 4, 10, 11, 12, 13, 14]);
      await bench.engine.flushLogs(context());
    });

    it('goes back after a swap that had succeeded, and the old generation goes on', async () => {
      const base = backups.at(-1);
      if (base === undefined) throw new Error('there is no base');
      const request = requestFor(base);
      const { restore: steps } = bench.engine;
      for (const step of ['preflight', 'build', 'recover', 'swap', 'swapBack', 'cleanUp'] as const) await steps[step](context(), request);
      expect(await bench.numbers()).toContain(14);
      const mark = await bench.engine.flushLogs(context());
      expect((await bench.engine.checkContinuity(context(), base.firstLog ?? 0, [mark])).gaps).toEqual([]);
    });
  });

  describe('finds what is missing', () => {
    it('names a log archive that was removed, while the backup before it can still be restored', async () => {
      const base = backups.at(-1);
      if (base === undefined) throw new Error('there is no base');
      for (const number of [20, 21]) {
        await bench.insert(number);
        await bench.engine.flushLogs(context());
      }
      const mark = await bench.engine.flushLogs(context());
      const { pieces } = await bench.engine.checkContinuity(context(), base.firstLog ?? 0, [mark]);
      const victim = pieces.at(-2);
      if (victim === undefined) throw new Error('there are no logs');
      await bench.removeLog(generation, victim.sequence);
      const { gaps } = await bench.engine.checkContinuity(context(), base.firstLog ?? 0, [mark]);
      expect(gaps).toEqual([{ sequence: victim.sequence, reason: expect.stringContaining(victim.name) as string }]);
      await restore(context(), requestFor(base));
      expect(await bench.numbers()).toEqual([1, 2, 3, 4, 10, 11, 12, 13]);
    });

    it('refuses a backup whose files are not all there, before the server is touched', async () => {
      const base = await backUp('full');
      await bench.spoil(generation, base.label);
      await expect(bench.engine.restore.preflight(context(), requestFor(base))).rejects.toMatchObject({ code: 'object-missing' });
      expect(await bench.numbers()).toEqual([1, 2, 3, 4, 10, 11, 12, 13]);
    });
  });

  describe('leaves', () => {
    it('expires a backup and what builds on it, and nothing else', async () => {
      const kept = await backUp('full');
      const doomed = await backUp('full');
      const child = await backUp('incremental', doomed);
      await backUp('full');
      await bench.engine.expire(context(), [doomed.label]);
      await bench.engine.expire(context(), [doomed.label]);
      const gone = await bench.engine.backUp(context(), { backupId: randomUUID(), kind: 'incremental', parentLabel: child.label });
      expect(gone.fallbackReason).toContain(child.label);
      await bench.engine.restore.preflight(context(), requestFor(kept));
      await bench.engine.restore.cleanUp(context(), requestFor(kept));
    });

    it('removes the log archives that no range holds, and can go on archiving and restoring', async () => {
      const base = await backUp('full');
      await bench.closeLogs(2);
      const mark = await bench.engine.flushLogs(context());
      await bench.engine.expireLogs(context(), [{ from: base.firstLog ?? 0 }]);
      await bench.engine.expireLogs(context(), [{ from: base.firstLog ?? 0 }]);
      const all = await bench.engine.checkContinuity(context(), 0, [mark]);
      expect(all.pieces[0]?.sequence).toBe(base.firstLog);
      const next = await bench.engine.flushLogs(context());
      const later = await bench.engine.checkContinuity(context(), base.firstLog ?? 0, [mark, next]);
      expect([later.gaps, later.pieces.at(-1)?.sequence]).toEqual([[], next.sequence]);
      await bench.engine.restore.preflight(context(), requestFor(base));
      await bench.engine.restore.cleanUp(context(), requestFor(base));
    });

    it('refuses data that cannot be exchanged when the host is prepared, and at a restore before anything is stopped', async () => {
      const newcomer: EngineContext = { ...context(), database: { ...context().database, id: randomUUID() } };
      const { why, undo } = await bench.fixData();
      try {
        const request = requestFor(await backUp('full'));
        const refused = { code: 'layout-not-supported', message: expect.stringContaining(why) as string };
        await expect(bench.engine.prepare(newcomer)).rejects.toMatchObject(refused);
        await expect(bench.engine.restore.preflight(context(), request)).rejects.toMatchObject(refused);
        await bench.engine.restore.cleanUp(context(), request);
      } finally {
        await undo();
      }
    });

    it('turns archiving off and takes every file and process of ours with it', async () => {
      await bench.engine.disarm(context());
      expect(await bench.leftovers()).toEqual([]);
      expect(await bench.numbers()).toEqual([1, 2, 3, 4, 10, 11, 12, 13]);
    });
  });
}
