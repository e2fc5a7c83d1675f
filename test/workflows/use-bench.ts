import { afterAll, afterEach, beforeEach, inject } from 'vitest';
import { type Bench, createBench } from './bench.ts';

/**
 * One bench for the tests of a file, which leave nothing to each other but the clock. A test that ends with something still
 * running is the last on its bench: to end a parent before its child, or anything amid a workflow task, may stop the test
 * server's clock.
 */
export function useBench(server: 'testServer' | 'temporal' = 'testServer'): () => Bench {
  const paths = { testServer: inject('testServer'), temporal: inject('temporal'), workflowBundle: inject('workflowBundle') };
  let bench: Bench | undefined;
  const close = async (): Promise<void> => {
    await bench?.close();
    bench = undefined;
  };
  beforeEach(async () => {
    bench ??= await createBench(server, paths);
  });
  afterEach(async () => {
    const tasks = [...(bench?.world.tasks.values() ?? [])];
    if (tasks.some(({ status }) => status === 'running')) await close();
    else await bench?.forget();
  });
  afterAll(close);
  return () => {
    if (bench === undefined) throw new Error('there is a bench only during a test');
    return bench;
  };
}
