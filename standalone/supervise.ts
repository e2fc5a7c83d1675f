import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessOptions, RunningProcess } from './processes.ts';
import { startProcess } from './processes.ts';

/** A process that is started again when it ends unasked. */
export interface Supervised {
  /** The one that runs now. */
  current(): RunningProcess;
  stop(): Promise<void>;
}

const RESTART_MS = 1_000;

export async function supervise(options: ProcessOptions, onRestart: (words: string) => void): Promise<Supervised> {
  let running = await startProcess(options);
  let stopping = false;
  const watch = async (): Promise<void> => {
    while (!stopping) {
      const { code, signal } = await running.exited;
      if (stopping) return;
      onRestart(`ended with ${signal ?? code} and is started again; its log is ${options.logFile}`);
      await sleep(RESTART_MS);
      if (!stopping) running = await startProcess(options);
    }
  };
  const watching = watch();
  return {
    current: () => running,
    async stop() {
      stopping = true;
      await running.stop();
      await watching;
      await running.stop();
    },
  };
}
