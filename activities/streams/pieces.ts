/** A stream that is read in pieces. */
export interface Cursor {
  /** The next bytes, at most so many; they must be read before the next piece is taken. */
  take(maxBytes: number): AsyncGenerator<Buffer>;
  /** Waits until more has come or the stream is over. */
  isOver(): Promise<boolean>;
  close(): Promise<void>;
}

export function createCursor(source: AsyncIterable<Buffer>): Cursor {
  const iterator = source[Symbol.asyncIterator]();
  let held: Buffer | undefined;
  let over = false;
  const fill = async (): Promise<void> => {
    while (!over && (held === undefined || held.length === 0)) {
      const next = await iterator.next();
      if (next.done === true) over = true;
      else held = next.value;
    }
  };
  return {
    async *take(maxBytes) {
      for (let left = maxBytes; left > 0;) {
        await fill();
        if (held === undefined || held.length === 0) return;
        const piece = held.subarray(0, left);
        held = held.subarray(piece.length);
        left -= piece.length;
        yield piece;
      }
    },
    async isOver() {
      await fill();
      return over;
    },
    close: async () => void (await iterator.return?.()),
  };
}

/** The same stream; `onFailure` is told of its own failure, and not of one that a reader throws into it. */
export async function* watched(source: AsyncIterable<unknown>, onFailure: (error: unknown) => void): AsyncGenerator<Buffer> {
  const iterator = source[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<unknown>> => {
    try {
      return await iterator.next();
    } catch (error) {
      onFailure(error);
      throw error;
    }
  };
  try {
    for (let piece = await next(); piece.done !== true; piece = await next()) yield piece.value as Buffer;
  } finally {
    await iterator.return?.();
  }
}

/** The same stream, of which up to `maxBytes` are fetched before they are asked for. */
export async function* aheadOf(source: AsyncGenerator<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  const queue: Buffer[] = [];
  let queuedBytes = 0;
  let ending: { readonly error?: unknown } | undefined;
  let stopped = false;
  let wake = (): void => undefined;
  const changed = (): Promise<void> => new Promise((resolve) => (wake = resolve));
  const pump = (async () => {
    try {
      for await (const chunk of source) {
        queue.push(chunk);
        queuedBytes += chunk.length;
        wake();
        while (queuedBytes >= maxBytes && !stopped) await changed();
        if (stopped) return;
      }
      ending = {};
    } catch (error) {
      ending = { error };
    } finally {
      wake();
    }
  })();
  try {
    for (;;) {
      const chunk = queue.shift();
      if (chunk !== undefined) {
        queuedBytes -= chunk.length;
        wake();
        yield chunk;
      } else if (ending === undefined) {
        await changed();
      } else {
        if ('error' in ending) throw ending.error;
        return;
      }
    }
  } finally {
    stopped = true;
    wake();
    await pump;
  }
}
