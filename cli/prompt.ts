import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CommandError } from './failures.ts';
import type { Terminal } from './invocation.ts';

/** One line: typed, or piped in. undefined when there is none. A secret is not shown while it is typed. */
export async function askLine({ input, errors }: Terminal, question: string, { isSecret = false } = {}): Promise<string | undefined> {
  const isTyped = input.isTTY === true;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  // it takes the echo from the terminal, and writes what is typed to its output instead
  const lines = createInterface({ input, output: isSecret ? silent : errors, terminal: isTyped });
  // only now, when what is typed is no longer shown
  if (isTyped) errors.write(question);
  const line = Promise.withResolvers<string | undefined>();
  lines.once('line', line.resolve);
  lines.once('close', () => line.resolve(undefined));
  lines.once('SIGINT', () => line.reject(new CommandError('wrongUse', 'given up')));
  try {
    return await line.promise;
  } finally {
    lines.close();
    if (isTyped && isSecret) errors.write('\n');
  }
}
