import { type Command, InvalidArgumentError, Option } from 'commander';

export const jsonFlag = ['--json', "print the API's answer as one JSON document"] as const;

export function limitOption(): Option {
  return new Option('--limit <number>', 'show no more than so many (default: all)').argParser(parseLimit);
}

/** Shown beneath a command's help. Each of them is run by a test. */
export function addExamples(command: Command, examples: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`);
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(limit) || limit < 1) throw new InvalidArgumentError('It must be a number from 1 on.');
  return limit;
}
