/** What is told while parts are installed and started. */
export interface Progress {
  /** Tells what begins, then how long it took. */
  step<T>(label: string, work: () => Promise<T>): Promise<T>;
  line(text: string): void;
}

/** One line per step: "label… done in 4 s". When steps overlap, the later ones' ends get lines of their own. */
export function createProgress(write: (text: string) => void): Progress {
  let openLabel: string | undefined;
  const closeLine = (): void => {
    if (openLabel !== undefined) write('\n');
    openLabel = undefined;
  };
  const end = (label: string, words: string): void => {
    write(openLabel === label ? ` ${words}\n` : `${label}: ${words}\n`);
    if (openLabel === label) openLabel = undefined;
  };
  return {
    line(text) {
      closeLine();
      write(`${text}\n`);
    },
    async step(label, work) {
      closeLine();
      write(`${label}…`);
      openLabel = label;
      const startedAt = performance.now();
      const seconds = (): string => ((performance.now() - startedAt) / 1000).toFixed(1);
      try {
        const result = await work();
        end(label, `done in ${seconds()} s`);
        return result;
      } catch (error) {
        end(label, `failed after ${seconds()} s`);
        throw error;
      }
    },
  };
}
